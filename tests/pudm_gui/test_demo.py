"""The demo's material, its picture, and the whole job once through with tiny settings."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pudm_gui.commands.console import Console
from pudm_gui.commands.demo import DEMO_BASE, DemoSettings, _training_seconds, run_demo
from pudm_gui.demo import EVEN_UNLABELED, ODD_LABELED, ODD_UNLABELED, load_digits, prepare_demo, split_digits
from pudm_gui.project.images import counts
from pudm_gui.project.project import Project
from pudm_gui.project.runs import list_runs
from training.errors import UserError
from training.events import EventLog
from training.report import Report
from training.runs import RunFolder

TINY_BASE = DEMO_BASE | {"optim.steps": 30, "preview.every": 0}
TINY_FINE_TUNE: dict[str, Any] = {"optim.steps": 10, "preview.every": 0}


def hashes(folder: Path) -> dict[str, str]:
    """File name by content."""
    return {hashlib.sha256(file.read_bytes()).hexdigest(): file.name for file in folder.iterdir()}


def truth_of(folder: Path) -> dict[str, str]:
    with (folder / "truth.csv").open(newline="") as file:
        return {row["path"]: row["label"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    prepare_demo(folder)
    return folder


class TestSplit:
    def test_parts_have_their_sizes(self) -> None:
        split = split_digits(0)
        assert sum(not digit.odd for digit in split.unlabeled) == EVEN_UNLABELED
        assert sum(digit.odd for digit in split.unlabeled) == ODD_UNLABELED
        assert [digit.odd for digit in split.sensitive] == [True] * ODD_LABELED
        assert len(split.unlabeled + split.sensitive + split.held_out) == 1797

    def test_another_seed_deals_other_digits(self) -> None:
        pixels = [np.stack([digit.pixels for digit in split_digits(seed).held_out]) for seed in (0, 1)]
        assert not np.array_equal(pixels[0], pixels[1])

    def test_names_do_not_tell_the_digit(self) -> None:
        """The file lists digits mostly in turn, 0 to 9: parity of the number must say nothing."""
        split = split_digits(0)
        agree = [digit.odd == bool(digit.number % 2) for digit in split.unlabeled + split.sensitive + split.held_out]
        assert 0.45 < np.mean(agree) < 0.55


class TestPrepare:
    def test_images_are_8_by_8_grey(self, demo: Path) -> None:
        for file in list((demo / "images").iterdir())[:20]:
            with Image.open(file) as image:
                assert (image.size, image.mode, image.format) == ((8, 8), "L", "PNG")

    def test_nothing_held_out_is_in_the_project(self, demo: Path) -> None:
        seen, held_out = hashes(demo / "images"), hashes(demo / "held-out")
        assert len(seen) == EVEN_UNLABELED + ODD_UNLABELED + ODD_LABELED
        assert len(seen) + len(held_out) == 1797
        assert not seen.keys() & held_out.keys()

    def test_truth_is_true(self, demo: Path) -> None:
        images, digits = load_digits()
        digit_of = {image.tobytes(): digit for image, digit in zip(images, digits, strict=True)}
        truth = truth_of(demo)
        assert len(truth) == len(list((demo / "held-out").iterdir()))
        for path, label in truth.items():
            with Image.open(demo / path) as image:
                odd = digit_of[np.asarray(image).tobytes()] % 2 == 1
            assert label == ("sensitive" if odd else "normal")

    def test_project_has_the_labels(self, demo: Path) -> None:
        with Project.open(demo / "digits.pudm") as project:
            totals = counts(project)
        assert (totals.sensitive, totals.normal, totals.unreadable) == (ODD_LABELED, 0, 0)
        assert totals.unlabeled == EVEN_UNLABELED + ODD_UNLABELED

    def test_second_time_takes_what_is_there(self, demo: Path) -> None:
        before = (demo / "images").stat().st_mtime_ns
        assert prepare_demo(demo) == (demo / "digits.pudm").resolve()
        assert (demo / "images").stat().st_mtime_ns == before

    def test_another_seed_needs_another_folder(self, demo: Path) -> None:
        with pytest.raises(UserError, match="seed 0"):
            prepare_demo(demo, seed=1)

    def test_folder_of_something_else_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.tex").write_text("mine")
        with pytest.raises(UserError, match="not a demo"):
            prepare_demo(tmp_path)
        assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]

    def test_goes_on_after_it_was_killed_half_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("pudm_gui.demo.import_labels", _killed)
            with pytest.raises(KeyboardInterrupt):
                prepare_demo(tmp_path)
        with Project.open(prepare_demo(tmp_path)) as project:
            assert counts(project).sensitive == ODD_LABELED


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_interrupted_demo_goes_on_with_the_same_run(
    tmp_path: Path, fake_engine: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_engine("interrupted once")
    assert run_demo(tmp_path / "demo", 0, Console(), DemoSettings()) == 130
    assert "run the same command again" in capsys.readouterr().err
    fake_engine("finish")
    with pytest.raises(UserError, match="not been evaluated"):  # the fake engine writes no report
        run_demo(tmp_path / "demo", 0, Console(), DemoSettings())
    with Project.open(tmp_path / "demo" / "digits.pudm") as project:
        assert [run.path.name for run in list_runs(project)] == ["0002-sanitized", "0001-base"]
        assert {run.state() for run in list_runs(project)} == {"finished"}


def test_time_of_training_is_without_that_of_the_later_stages(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.emit("finished", step=400, seconds=60.0)
    log.emit("started", stage="evaluate")
    log.emit("finished", seconds=30.0)
    assert _training_seconds(RunFolder(tmp_path)) == 60


@pytest.mark.timeout(900)  # about a minute on two idle cores
def test_whole_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Data, base model, fine-tune, evaluation, export and picture, with the real engine on tiny settings."""
    folder = tmp_path / "demo"
    settings = DemoSettings(base=TINY_BASE, fine_tune=TINY_FINE_TUNE, samples=40)
    assert run_demo(folder, 0, Console(as_json=True), settings) == 0
    document = json.loads(capsys.readouterr().out)
    report = Report.load(Path(document["run_dir"]) / "report.json")
    assert report.model_dump(mode="json").items() <= document.items()
    assert report.nsr_judge == "truth"
    assert report.n_samples == 40
    assert report.nsr_before is not None
    assert report.label_counts["sensitive"] == ODD_LABELED
    for key in ("base_model", "sanitized_model"):
        assert (Path(document[key]) / "model_index.json").is_file()
        assert list(Path(document[key]).glob("unet/*.safetensors"))
    with Image.open(document["picture"]) as picture:
        assert picture.width > 1000

    assert run_demo(folder, 0, Console(), settings) == 0
    text = capsys.readouterr().out
    assert "before" in text
    assert document["picture"] in text
    with Project.open(folder / "digits.pudm") as project:
        assert len(list((project.path / "runs").iterdir())) == 2  # nothing was trained twice
