"""What is read from a run folder for Review and Export."""

from __future__ import annotations

from pathlib import Path

from pudm_gui.run_summary import choose, summarize, trained_runs
from tests.gui.trained_runs import make_report, make_run
from training.events import EventLog
from training.runs import RunFolder


def test_an_evaluated_run_has_name_and_verdict(tmp_path: Path) -> None:
    summary = summarize(make_run(tmp_path / "0003-animals", report=make_report()))
    assert summary is not None
    assert (summary.title, summary.name) == ("animals", "animals (run 3)")
    assert summary.verdict is not None
    assert summary.verdict.level == "success"
    assert summary.problem == ""


def test_runs_without_weights_are_left_out(tmp_path: Path) -> None:
    finished = make_run(tmp_path / "0001-a")
    stopped = make_run(tmp_path / "0002-b", state="stopped")
    untrained = make_run(tmp_path / "0004-d", state="failed")
    (untrained.checkpoints / "step-00000400").rmdir()
    nowhere = RunFolder(tmp_path / "0005-e")
    found = trained_runs([nowhere, untrained, stopped, finished])
    assert [summary.run for summary in found] == [stopped, finished]
    assert found[1].step == found[1].steps == 400


def test_what_a_run_kept_before_it_failed_can_be_reviewed(tmp_path: Path) -> None:
    summary = summarize(make_run(tmp_path / "0001-a", state="failed"))
    assert summary is not None
    assert (summary.state, summary.step) == ("failed", 400)


def test_a_run_with_a_broken_spec_is_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "0001-a")
    run.spec_file.write_text("{")
    assert summarize(run) is None


def test_a_broken_report_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    run = make_run(tmp_path / "0001-a")
    run.report_file.write_text('{"version": 1}')
    summary = summarize(run)
    assert summary is not None
    assert summary.report is None
    assert "evaluate the run again" in summary.problem


def test_a_failed_evaluation_is_remembered_until_one_succeeds(tmp_path: Path) -> None:
    run = make_run(tmp_path / "0001-a")
    log = EventLog(run.events_file)
    log.emit("started", stage="evaluate")
    log.emit("failed", message="The disk is full.")
    summary = summarize(run)
    assert summary is not None
    assert summary.state == "finished"  # training itself is unharmed
    assert summary.problem == "The disk is full."
    log.emit("started", stage="evaluate")
    log.emit("finished", seconds=1.0)
    again = summarize(run)
    assert again is not None
    assert again.problem == ""


def test_the_wanted_run_is_chosen_else_the_newest(tmp_path: Path) -> None:
    found = trained_runs([make_run(tmp_path / "0002-b"), make_run(tmp_path / "0001-a")])
    assert choose(found, RunFolder(tmp_path / "0001-a")) is found[1]
    assert choose(found, None) is found[0]
