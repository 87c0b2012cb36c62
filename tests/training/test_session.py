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
    """By a clock that goes on by a second with each step, and by a minute with each preview."""
    real, now = session_module.train, [0.0]

    def timed(*arguments: object) -> Iterator[StepResult]:
        for result in real(*arguments):  # type: ignore[arg-type]
            now[0] += 1
            yield result

    def preview(_: Session) -> bool:
        now[0] += 60
        return False

    clock = SimpleNamespace(perf_counter=lambda: now[0], monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(session_module, "time", clock)
    monkeypatch.setattr(session_module, "train", timed)
    monkeypatch.setattr(Session, "preview", preview)
    events = train_here(make_run(tmp_path, optim__steps=6, preview__every=3, optim__batch_size=8))
    assert [event["images_per_second"] for event in events if event["event"] == "step"] == [8.0] * 6


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
