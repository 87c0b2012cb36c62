"""Jobs: processes of the engine, followed through their run folder. The engine here is `fake_engine`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from pudm_gui import jobs as jobs_module
from pudm_gui.jobs import Job, JobRunner
from training.errors import UserError
from training.events import EventLog
from training.runs import RunFolder

WAIT_MS = 60_000


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = tmp_path / "0001-run"
    folder.mkdir()
    return RunFolder(folder)


def kinds(job: Job) -> list[str]:
    return [event["event"] for event in job.events]


def ended(qtbot: QtBot, job: Job) -> tuple[str, str]:
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as blocker:
        pass
    return tuple(blocker.args)


@pytest.mark.usefixtures("engine")
def test_a_job_reports_every_event_in_order_and_then_its_end(qtbot: QtBot, jobs: JobRunner, run: RunFolder) -> None:
    job = jobs.start("train", run)
    seen: list[str] = []
    job.event.connect(lambda event: seen.append(event["event"]))
    assert job.state == "starting"
    assert ended(qtbot, job) == ("finished", "")
    assert seen == ["started", *["step"] * 5, "preview", "finished"]
    assert jobs.active == []


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("script", "outcome", "words"),
    [
        ("fail", "failed", "The disk is full."),
        ("die", "interrupted", "something went wrong in the depths"),
        ("refuse", "failed", "There is no such model."),
    ],
)
def test_a_bad_end_is_told_with_its_reason(
    qtbot: QtBot, jobs: JobRunner, run: RunFolder, script: str, outcome: str, words: str
) -> None:
    assert ended(qtbot, jobs.start("train", run, script)) == (outcome, words)


@pytest.mark.usefixtures("engine")
def test_a_killed_process_is_interrupted_even_without_last_words(qtbot: QtBot, jobs: JobRunner, run: RunFolder) -> None:
    job = jobs.start("train", run, "wait")
    qtbot.waitUntil(lambda: kinds(job).count("step") == 5, timeout=WAIT_MS)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as blocker:
        os.kill(run.worker() or 0, signal.SIGKILL)
    assert blocker.args[0] == "interrupted"
    assert "killed" in blocker.args[1]


@pytest.mark.usefixtures("engine")
def test_commands_reach_the_process(qtbot: QtBot, jobs: JobRunner, run: RunFolder) -> None:
    job = jobs.start("train", run, "wait")
    qtbot.waitUntil(lambda: job.state == "running", timeout=WAIT_MS)
    job.send("pause")
    qtbot.waitUntil(lambda: job.state == "paused", timeout=WAIT_MS)
    job.send("resume")
    qtbot.waitUntil(lambda: job.state == "running", timeout=WAIT_MS)
    job.send("stop")
    assert ended(qtbot, job) == ("stopped", "")


@pytest.mark.usefixtures("engine")
def test_a_stage_that_takes_no_commands_is_ended(qtbot: QtBot, jobs: JobRunner, run: RunFolder) -> None:
    job = jobs.start("evaluate", run, "wait")
    qtbot.waitUntil(lambda: job.state == "running", timeout=WAIT_MS)
    job.stop()
    assert ended(qtbot, job) == ("stopped", "")
    assert run.worker() is None


@pytest.mark.usefixtures("engine")
def test_a_job_outlives_its_window_and_is_found_again(qtbot: QtBot, run: RunFolder) -> None:
    first = JobRunner()
    job = first.start("train", run, "wait")
    qtbot.waitUntil(lambda: kinds(job).count("step") == 5, timeout=WAIT_MS)
    first.close()
    assert run.worker() is not None

    second = JobRunner()
    found = second.attach(run)
    assert found is not None
    qtbot.waitUntil(lambda: kinds(found) == ["started", *["step"] * 5, "preview"], timeout=WAIT_MS)
    assert found.stage == "train"
    assert found.state == "running"
    found.send("stop")
    assert ended(qtbot, found) == ("stopped", "")
    second.close()


@pytest.mark.usefixtures("engine")
def test_a_job_asked_for_just_before_closing_is_still_started(qtbot: QtBot, run: RunFolder) -> None:
    runner = JobRunner()
    runner.start("train", run)
    runner.close()
    qtbot.waitUntil(lambda: "finished" in [event["event"] for event in run.events()], timeout=WAIT_MS)


def test_nothing_is_found_where_nothing_runs(jobs: JobRunner, run: RunFolder) -> None:
    assert jobs.attach(run) is None


def test_a_pid_that_was_given_to_another_process_is_not_followed(jobs: JobRunner, run: RunFolder) -> None:
    me = psutil.Process()
    run.process_file.write_text(json.dumps({"pid": me.pid, "started": me.create_time() - 100}))
    assert jobs.attach(run) is None


@pytest.mark.usefixtures("engine")
def test_resumed_training_replays_its_history_and_other_stages_do_not(
    qtbot: QtBot, jobs: JobRunner, run: RunFolder
) -> None:
    ended(qtbot, jobs.start("train", run))
    resumed = jobs.start("train", run)
    ended(qtbot, resumed)
    assert kinds(resumed) == ["started", *["step"] * 5, "preview", "finished"] * 2
    assert [event["event"] for event in resumed.attempt] == ["started", *["step"] * 5, "preview", "finished"]
    evaluation = jobs.start("evaluate", run)
    ended(qtbot, evaluation)
    assert kinds(evaluation).count("started") == 1


@pytest.mark.usefixtures("engine")
def test_two_jobs_never_share_a_folder(qtbot: QtBot, jobs: JobRunner, run: RunFolder) -> None:
    job = jobs.start("train", run, "wait")
    with pytest.raises(UserError, match="still being worked on"):
        jobs.start("evaluate", run)
    qtbot.waitUntil(lambda: job.state == "running", timeout=WAIT_MS)
    job.send("stop")
    ended(qtbot, job)


def test_a_command_that_cannot_be_started_fails_in_words(
    qtbot: QtBot,
    jobs: JobRunner,
    run: RunFolder,
    monkeypatch: pytest.MonkeyPatch,
    allow_log: Callable[[str], None],
) -> None:
    allow_log("could not be started")
    monkeypatch.setattr(jobs_module, "engine_command", lambda *_: [str(run.path / "missing")])
    outcome, message = ended(qtbot, jobs.start("train", run))
    assert outcome == "failed"
    assert "could not be started" in message


@pytest.mark.usefixtures("engine")
def test_the_engine_imports_nothing_from_the_folder_it_works_on(qtbot: QtBot, jobs: JobRunner, run: RunFolder) -> None:
    (run.path / "training").mkdir()
    (run.path / "training" / "__init__.py").write_text("raise SystemExit('hijacked')")
    assert ended(qtbot, jobs.start("train", run))[0] == "finished"


def test_a_long_history_arrives_in_pieces(
    qtbot: QtBot, jobs: JobRunner, run: RunFolder, engine: Callable[..., list[str]]
) -> None:
    log = EventLog(run.events_file)
    log.emit("started", stage="train", step=0, steps=2000)
    lines = run.events_file.read_text()
    step = json.dumps({"time": 1.0, "event": "step", "step": 1, "loss": 1.0})
    run.events_file.write_text(lines + f"{step}\n" * 2000)
    process = subprocess.Popen(engine("train", run.path, "wait"), start_new_session=True)
    qtbot.waitUntil(lambda: run.worker() == process.pid, timeout=WAIT_MS)
    job = jobs.attach(run)
    assert job is not None
    sizes: list[int] = []
    job.events_added.connect(lambda events: sizes.append(len(events)))
    qtbot.waitUntil(lambda: kinds(job).count("step") == 2005, timeout=WAIT_MS)
    assert max(sizes) <= 500
    process.kill()
    process.wait()
    ended(qtbot, job)
