"""What is done between the steps of a device that is behind, as a GPU is, and by processes that are not the first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.training.builders import make_run
from training import session as session_module
from training.checkpoint import list_checkpoints
from training.errors import UserError
from training.events import EventLog
from training.loop import StepResult
from training.objective import Terms
from training.ranks import Ranks
from training.runs import RunFolder
from training.session import STOP, Session
from training.train import run_training


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions look at figures every ten steps."""

    class Behind(Session):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            self.asynchronous = True

    monkeypatch.setattr("training.train.Session", Behind)


def stop_after(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Session._asked
    monkeypatch.setattr(Session, "_asked", lambda self: STOP if self.state.step == step else real(self))


def train_here(run: RunFolder) -> list[dict[str, object]]:
    run_training(run, EventLog(run.events_file))
    return run.events()


@pytest.mark.usefixtures("behind")
def test_a_stop_between_two_looks_reports_all_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after(13, monkeypatch)
    events = train_here(make_run(tmp_path, optim__steps=100, checkpoint__every=100))
    assert [event["step"] for event in events if event["event"] == "step"] == list(range(1, 14))
    assert [event["event"] for event in events][-3:] == ["step", "checkpoint", "stopped"]


@pytest.mark.usefixtures("behind")
def test_a_stop_saves_nothing_that_went_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after(3, monkeypatch)
    run = make_run(tmp_path, optim__steps=100, checkpoint__every=100, optim__learning_rate=1e30, optim__warmup_steps=0)
    with pytest.raises(UserError, match="Training diverged"):
        train_here(run)
    assert list_checkpoints(run) == []


@pytest.mark.usefixtures("behind")
def test_the_pace_is_that_of_the_steps_without_previews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = session_module.train

    def slow(*arguments: object) -> Iterator[StepResult]:
        for result in real(*arguments):  # type: ignore[arg-type]
            time.sleep(0.02)
            yield result

    def preview(_: Session) -> bool:
        time.sleep(0.5)
        return False

    monkeypatch.setattr(session_module, "train", slow)
    monkeypatch.setattr(Session, "preview", preview)
    events = train_here(make_run(tmp_path, optim__steps=6, preview__every=3, optim__batch_size=8))
    paces = [8 / event["images_per_second"] for event in events if event["event"] == "step"]  # type: ignore[operator]
    assert all(0.02 <= pace < 0.12 for pace in paces)  # with its previews, a step takes 0.19 seconds


def test_other_processes_end_where_training_diverged_and_leave_the_telling_to_the_first(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    state = SimpleNamespace(step=0, micro_batch=8, device=torch.device("cpu"), ranks=Ranks(1, 2))
    log = EventLog(run.events_file)
    session = Session(run, run.spec(), state, None, None, "float32", None, log, 0.0)  # type: ignore[arg-type]
    bad = torch.tensor(float("nan"))
    session._unseen = [StepResult(1, Terms(bad, bad), bad, 1e-4, 8)]
    with pytest.raises(SystemExit):
        session.look()
    assert all(event["event"] != "failed" for event in run.events())
