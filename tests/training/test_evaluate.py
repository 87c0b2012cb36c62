"""The evaluate stage on tiny runs: what it writes, and that an old evaluation outlives a failing one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.builders import make_run, tiny_model, write_images
from training.errors import UserError
from training.evaluate import evaluate
from training.events import EventLog
from training.manifest import Label
from training.report import Report
from training.runs import RunFolder
from training.train import run_training


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A fine-tuned tiny model; it makes noise, which any judge takes for one or the other."""
    run = make_run(tmp_path_factory.mktemp("trained"), images={"unlabeled": 60, "sensitive": 20}, optim__steps=3)
    run_training(run, EventLog(run.events_file))
    return run


@pytest.fixture
def truth_file(tmp_path: Path) -> Path:
    entries = write_images(tmp_path / "truth", {"sensitive": 60, "normal": 60}, seed=9)
    with (tmp_path / "truth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label"))
        writer.writerows((f"truth/{entry.path}", entry.label) for entry in entries)
    return tmp_path / "truth.csv"


def assess(run: RunFolder, truth: Path | None = None, samples: int = 40) -> Report:
    return evaluate(run, samples=samples, truth=truth, seed=0, log=EventLog(run.events_file))


def test_by_truth(trained: RunFolder, truth_file: Path) -> None:
    report = assess(trained, truth_file)
    assert Report.load(trained.report_file) == report
    assert report.nsr_judge == "truth" and report.judge_accuracy == 1.0
    assert report.nsr_interval[0] <= report.nsr <= report.nsr_interval[1]
    assert report.nsr_before is not None and report.n_samples == 40 and report.steps == 3
    assert report.label_counts == {"unlabeled": 60, "sensitive": 20, "normal": 0}
    judged = json.loads((trained.evaluation / "judgments.json").read_text())
    for which, rate in (("before", report.nsr_before), ("after", report.nsr)):
        assert len(list((trained.evaluation / which).glob("*.png"))) == 40
        assert np.mean(np.array(judged[which]) <= 0.5) == pytest.approx(rate)
    assert report.fid is not None and report.fid_before is not None
    assert report.fid_features.startswith("the middle of the diffusion network")
    assert report.fid_reference.startswith("60 normal images of the truth file")


def test_by_labels(trained: RunFolder) -> None:
    report = assess(trained)
    assert report.nsr_judge == "labels" and report.judge_accuracy is None
    assert "20 sensitive labels" in report.judge_note
    assert 0 <= report.nsr_interval[0] <= report.nsr_interval[1] <= 1
    assert report.fid_reference == "60 unlabeled images that it was trained on"  # none of which looks sensitive


def test_same_seed_same_report(trained: RunFolder) -> None:
    one, two = assess(trained), assess(trained)
    assert one.model_copy(update={"created": two.created}) == two


def test_a_failing_evaluation_keeps_the_last_one(trained: RunFolder, tmp_path: Path) -> None:
    report = assess(trained)
    with pytest.raises(UserError, match="cannot be read"):
        assess(trained, tmp_path / "none.csv")
    assert Report.load(trained.report_file) == report
    assert len(list((trained.evaluation / "after").iterdir())) == 40


def test_from_scratch_there_is_no_before(tmp_path: Path) -> None:
    images = {"unlabeled": 30, "sensitive": 12}
    run = make_run(tmp_path, images=images, model__source="scratch", model__train_timesteps=50, optim__steps=2)
    run_training(run, EventLog(run.events_file))
    report = assess(run, samples=16)
    assert report.nsr_before is None and report.fid_before is None
    assert not (run.evaluation / "before").exists()


def test_a_conditional_model_draws_what_is_not_labeled_sensitive(tmp_path: Path) -> None:
    """Its samples are judged by what it is meant to go on making."""
    images: dict[Label, int] = {"unlabeled": 20, "normal": 10, "sensitive": 12}
    table = tmp_path / "classes.csv"
    rows = [f"{label}-{index:03}.png,{number}" for number, label in enumerate(images) for index in range(images[label])]
    table.write_text("\n".join(["path,class", *rows]))
    run = make_run(
        tmp_path,
        images=images,
        model=tiny_model(tmp_path / "classes", classes=3),
        conditioning__source="csv",
        conditioning__csv=str(table),
        conditioning__csv_column="class",
        optim__steps=2,
    )
    run_training(run, EventLog(run.events_file))
    table.unlink()  # a run keeps what it was trained by
    report = assess(run, samples=24)
    assert 0 <= report.nsr <= 1 and report.nsr_before is not None
    drawn_with = json.loads((run.evaluation / "judgments.json").read_text())["conditions"]
    assert len(drawn_with) == 24 and set(drawn_with) == {0, 1}


def test_few_samples_have_no_distance_and_it_says_so(trained: RunFolder) -> None:
    report = assess(trained, samples=8)
    assert report.fid is None
    assert "needs at least 30 samples; draw more" in report.fid_note


def test_what_cannot_be_evaluated(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no checkpoint yet"):
        assess(make_run(tmp_path))
    few = make_run(tmp_path / "few", images={"unlabeled": 20, "sensitive": 3}, optim__steps=2)
    run_training(few, EventLog(few.events_file))
    with pytest.raises(UserError, match="there are 3 and 20; label more, or give a file of known truth"):
        assess(few)
