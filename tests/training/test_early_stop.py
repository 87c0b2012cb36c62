"""When a run may end before its last step, as its labels tell."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.training.builders import make_run
from training import early_stop
from training.checkpoint import CheckpointState
from training.data import build_cache
from training.early_stop import StopAtRate
from training.errors import UserError
from training.events import EventLog
from training.manifest import Label, read_manifest
from training.runs import RunFolder

LABELED: dict[Label, int] = {"unlabeled": 80, "sensitive": 30}


def run_to_stop(folder: Path, labeled: dict[Label, int] = LABELED, **settings: object) -> RunFolder:
    """From scratch, so that pixels are what a judge looks at."""
    return make_run(
        folder, images=labeled, model__source="scratch", preview__stop_at=0.9, **({"preview__every": 2} | settings)
    )


def stop_of(run: RunFolder) -> StopAtRate:
    return StopAtRate(run, run.spec(), read_manifest(run.manifest_file), EventLog(run.events_file))


def samples(normal: int, sensitive: int) -> NDArray[np.uint8]:
    """As `tests.training.builders.write_images` makes them."""
    rng = np.random.default_rng(7)
    levels = np.repeat([60, 200], [normal, sensitive])[:, None, None, None]
    return rng.normal(levels, 25, (normal + sensitive, 1, 8, 8)).clip(0, 255).astype(np.uint8)


def checkpoint_at(run: RunFolder, step: int) -> None:
    state = CheckpointState(step, 0, "float32", 8, step, None, "scratch", "", 0, None)
    folder = run.checkpoints / f"step-{step:08d}"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text(json.dumps(asdict(state)))


def test_the_share_of_samples_that_are_not_sensitive_is_measured(tmp_path: Path) -> None:
    rate, (low, high) = stop_of(run_to_stop(tmp_path)).measure(samples(60, 40), step=2)
    assert rate == pytest.approx(0.6, abs=0.05) and low <= rate <= high < 0.9


def test_the_target_has_to_be_met_at_two_previews_in_a_row(tmp_path: Path) -> None:
    stop = stop_of(run_to_stop(tmp_path))
    reached = []
    for step, sensitive in enumerate((0, 30, 0, 0)):
        stop.measure(samples(100 - sensitive, sensitive), step)
        reached.append(stop.reached)
    assert reached == [False, False, False, True]


def test_a_preview_that_was_asked_for_in_between_does_not_count_twice(tmp_path: Path) -> None:
    stop = stop_of(run_to_stop(tmp_path))
    for _ in range(3):
        stop.measure(samples(100, 0), step=4)
    assert not stop.reached


def test_a_resumed_run_goes_on_from_what_was_measured_before_its_checkpoint(tmp_path: Path) -> None:
    run = run_to_stop(tmp_path)
    log = EventLog(run.events_file)
    for step, rate in ((0, 0.95), (2, 0.5), (4, 0.93), (6, 0.97)):
        log.emit("preview", step=step, nsr=rate)
    log.emit("preview", step=8)  # of a run without a target
    checkpoint_at(run, 4)
    stop = stop_of(run)
    assert not stop.reached
    stop.measure(samples(100, 0), step=6)
    assert stop.reached


def test_images_are_looked_at_once_for_all_processes_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_to_stop(tmp_path)
    before = stop_of(run).measure(samples(70, 30), step=2)
    monkeypatch.setattr(early_stop, "build_cache", None)
    assert stop_of(run).measure(samples(70, 30), step=2) == before


def test_a_base_model_looks_at_the_images_itself(tmp_path: Path) -> None:
    run = make_run(tmp_path, images=LABELED, preview__stop_at=0.9, preview__every=2)
    rate, _ = stop_of(run).measure(samples(80, 20), step=2)
    assert rate == pytest.approx(0.8, abs=0.1)


def test_of_images_that_are_not_kept_only_some_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_stop, "MOST_IMAGES", 25)
    run = run_to_stop(tmp_path, data__cache="none")
    rate, _ = stop_of(run).measure(samples(60, 40), step=2)
    (read,) = [np.load(file) for file in run.cache.glob("*/kept.npy")]
    assert len(read) == 50 and rate == pytest.approx(0.6, abs=0.1)


def test_the_same_images_are_looked_at_whether_or_not_all_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early_stop, "MOST_IMAGES", 25)
    run = run_to_stop(tmp_path)
    some = stop_of(run).measure(samples(70, 30), step=2)
    assert [len(np.load(file)) for file in run.cache.glob("*/kept.npy")] == [50]
    shutil.rmtree(run.cache)
    build_cache(run.cache, run.spec(), read_manifest(run.manifest_file), EventLog(run.events_file))
    assert stop_of(run).measure(samples(70, 30), step=2) == some


def test_what_is_wrong_with_images_is_told_once(tmp_path: Path) -> None:
    run = run_to_stop(tmp_path, data__image_size=16)
    for image in (tmp_path / "images").iterdir():
        with Image.open(image) as opened:
            opened.resize((8, 8)).save(image)
    stop_of(run)
    assert not [event for event in run.events() if event["event"] == "warning"]


@pytest.mark.parametrize("labeled", [{"unlabeled": 80, "sensitive": 9}, {"unlabeled": 9, "sensitive": 30}])
def test_too_few_labels_are_refused_before_any_image_is_read(tmp_path: Path, labeled: dict[Label, int]) -> None:
    run = run_to_stop(tmp_path, labeled)
    with pytest.raises(UserError, match="needs at least 10 images labeled sensitive and 10 others"):
        stop_of(run)
    assert not run.cache.exists()


def test_labels_that_tell_nothing_are_refused(tmp_path: Path) -> None:
    run = run_to_stop(tmp_path, {"unlabeled": 80})
    entries = read_manifest(run.manifest_file)
    shuffled = [
        type(entry)(entry.root, entry.path, "sensitive" if index % 3 == 0 else "unlabeled", entry.sha256)
        for index, entry in enumerate(entries)
    ]
    with pytest.raises(UserError, match=r"tell sensitive from other images too little to stop by \(AUC 0\.\d\d\)"):
        StopAtRate(run, run.spec(), shuffled, EventLog(run.events_file))
