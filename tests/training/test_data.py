"""The decoded cache and the stratified batches drawn from it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.builders import make_run, write_images
from training.data import ImageCache, Pool, build_cache
from training.errors import UserError
from training.events import EventLog
from training.images import load_square
from training.loop import Batches, stratified_timesteps
from training.manifest import ManifestEntry, read_manifest
from training.spec import RunSpec, with_settings


def spec_for(folder: Path, **settings: object) -> RunSpec:
    fixed = {"data.roots": {"1": str(folder)}, "data.image_size": 8, "data.channels": 1}
    return with_settings(RunSpec(), fixed | {k.replace("__", "."): v for k, v in settings.items()})


def memory_cache(unlabeled: int, sensitive: int, normal: int = 0) -> ImageCache:
    labels = np.array([0] * unlabeled + [1] * sensitive + [2] * normal, np.uint8)
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 8, 8), np.uint8)
    return ImageCache(images, labels, np.arange(len(labels)))


def test_cache_holds_the_decoded_pixels(tmp_path: Path) -> None:
    entries = write_images(tmp_path, {"unlabeled": 5, "sensitive": 2}, size=20)
    spec = spec_for(tmp_path)
    cache = build_cache(tmp_path / "cache", spec, entries, EventLog(tmp_path / "events.jsonl"))
    assert cache.images.shape == (7, 1, 8, 8) and cache.images.dtype == np.uint8
    for image, entry in zip(cache.images, entries, strict=True):
        np.testing.assert_array_equal(image, load_square(tmp_path / entry.path, 8, 1))
    assert cache.indices("sensitive").tolist() == [5, 6]


def test_unreadable_images_are_left_out_and_told(tmp_path: Path) -> None:
    entries = write_images(tmp_path, {"unlabeled": 4, "sensitive": 2})
    (tmp_path / entries[1].path).write_bytes(b"no image")
    (tmp_path / entries[4].path).unlink()
    log = EventLog(tmp_path / "events.jsonl")
    cache = build_cache(tmp_path / "cache", spec_for(tmp_path), entries, log)
    assert cache.kept.tolist() == [0, 2, 3, 5]
    assert cache.labels.tolist() == [0, 0, 0, 1]
    np.testing.assert_array_equal(cache.images[3], load_square(tmp_path / entries[5].path, 8, 1))
    assert f"2 of 6 images cannot be read and are left out, the first of them {entries[1].path}" in log.path.read_text()


def test_a_second_opening_decodes_nothing(tmp_path: Path) -> None:
    entries = write_images(tmp_path / "images", {"unlabeled": 4, "sensitive": 2})
    spec, log = spec_for(tmp_path / "images"), EventLog(tmp_path / "events.jsonl")
    first = np.array(build_cache(tmp_path / "cache", spec, entries, log).images)
    for entry in entries:
        (tmp_path / "images" / entry.path).unlink()
    np.testing.assert_array_equal(build_cache(tmp_path / "cache", spec, entries, log).images, first)


def test_a_root_that_is_gone(tmp_path: Path) -> None:
    entries = [ManifestEntry("1", "a.png", "unlabeled", "")]
    with pytest.raises(UserError, match="is not there; reconnect the disk"):
        build_cache(tmp_path / "cache", spec_for(tmp_path / "unplugged"), entries, EventLog(tmp_path / "e"))


def test_colour_photos_of_many_sizes(tmp_path: Path, test_data: Path) -> None:
    photos = sorted((test_data / "photos" / "cats-dogs").rglob("*.jpg"))[:40]
    assert photos
    entries = [ManifestEntry("1", str(p.relative_to(test_data)), "unlabeled", "") for p in photos]
    spec = spec_for(test_data, data__image_size=32, data__channels=3)
    cache = build_cache(tmp_path / "cache", spec, entries, EventLog(tmp_path / "e"))
    assert cache.images.shape == (len(photos), 3, 32, 32)
    with Image.open(photos[0]) as image:
        expected = np.asarray(image.convert("RGB").resize((1, 1), Image.Resampling.BOX))
    assert abs(cache.images[0].mean() - expected.mean()) < 25


class TestPool:
    def test_each_pass_sees_every_image_once(self) -> None:
        pool = Pool(np.arange(10, 17), seed=3, name="u")
        drawn = pool.take(0, 21).reshape(3, 7)
        assert all(sorted(row) == list(range(10, 17)) for row in drawn.tolist())
        assert len({tuple(row) for row in drawn.tolist()}) == 3

    def test_any_position_without_history(self) -> None:
        whole = Pool(np.arange(7), seed=3, name="u").take(0, 40)
        fresh = Pool(np.arange(7), seed=3, name="u")
        np.testing.assert_array_equal(fresh.take(25, 15), whole[25:])
        np.testing.assert_array_equal(fresh.take(3, 10), whole[3:13])

    def test_pools_and_seeds_differ(self) -> None:
        orders = {tuple(Pool(np.arange(50), s, n).take(0, 50).tolist()) for s in (0, 1) for n in ("u", "s")}
        assert len(orders) == 4


class TestBatches:
    @pytest.mark.parametrize("kind", ["pu", "supervised"])
    def test_every_batch_has_its_share_of_sensitive_images(self, kind: str) -> None:
        spec = spec_for(Path("/x"), objective__kind=kind, optim__batch_size=16)
        batches = Batches(memory_cache(90, 3), spec)
        assert batches.sizes == [12, 4]
        for step in range(10):
            values = self.values(batches, step)
            assert all(v < 90 for v in values[:12]) and all(v >= 90 for v in values[12:])

    def test_unsupervised_never_sees_a_sensitive_one(self) -> None:
        batches = Batches(memory_cache(30, 5), spec_for(Path("/x"), objective__kind="unsupervised"))
        seen = Counter(v for step in range(5) for v in self.values(batches, step))
        assert set(seen) == set(range(30))

    def test_labeled_normals_stay_in_the_unlabeled_pool(self) -> None:
        """Taking them out would change the share of sensitive images among the rest."""
        batches = Batches(memory_cache(30, 5, normal=5), spec_for(Path("/x")))
        seen = {v for step in range(10) for v in self.values(batches, step)}
        assert seen == set(range(40))

    def test_pnu_draws_three_kinds(self) -> None:
        spec = spec_for(Path("/x"), objective__kind="pnu", optim__batch_size=16)
        batches = Batches(memory_cache(30, 5, normal=5), spec)
        assert batches.sizes == [12, 2, 2]
        assert all(v >= 35 for v in self.values(batches, 0)[14:])

    @pytest.mark.parametrize(
        ("kind", "counts", "sentence"),
        [
            ("pu", (10, 0, 0), "No image is labeled sensitive"),
            ("supervised", (10, 0, 5), "No image is labeled sensitive"),
            ("pnu", (10, 5, 0), "needs images labeled normal"),
            ("pu", (0, 5, 0), "no unlabeled image"),
        ],
    )
    def test_missing_labels(self, kind: str, counts: tuple[int, int, int], sentence: str) -> None:
        with pytest.raises(UserError, match=sentence):
            Batches(memory_cache(*counts), spec_for(Path("/x"), objective__kind=kind))

    @staticmethod
    def values(batches: Batches, step: int) -> list[int]:
        images = batches(step, torch.device("cpu"))
        assert images.dtype == torch.float32
        return images.add(1).mul(127.5).round()[:, 0, 0, 0].int().tolist()


def test_manifest_round_trip_with_any_name(tmp_path: Path) -> None:
    names = ["a.png", "new\nline.png", "quote'\".png", "emoji 🐈.png", "latin-\udce9.png", "Ünï/ж.png"]
    run = make_run(tmp_path)
    from training.manifest import write_manifest

    entries = [ManifestEntry("1", name, "unlabeled", "ab") for name in names]
    write_manifest(run.manifest_file, entries)
    assert read_manifest(run.manifest_file) == entries


def test_a_manifest_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.manifest_file.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"manifest\.jsonl cannot be read .*; restore the file"):
        read_manifest(run.manifest_file)


@pytest.mark.parametrize("line", ["{", '{"root": "1"}', '{"root":"1","path":"a","label":"evil","sha256":""}'])
def test_a_damaged_manifest_names_its_line(tmp_path: Path, line: str) -> None:
    run = make_run(tmp_path)
    with run.manifest_file.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match="line 31"):
        read_manifest(run.manifest_file)


class TestStratifiedTimesteps:
    def test_each_sub_batch_covers_the_schedule_evenly(self) -> None:
        torch.manual_seed(0)
        drawn = stratified_timesteps([48, 16], 1000, torch.device("cpu"))
        for part, size in ((drawn[:48], 48), (drawn[48:], 16)):
            bins = (part * size // 1000).tolist()
            assert max(Counter(bins).values()) <= 2 and len(set(bins)) >= size - 2

    def test_every_timestep_is_as_likely(self) -> None:
        """Marginally uniform, by a chi-squared test at p = 1e-4 on 20 bins."""
        torch.manual_seed(0)
        drawn = torch.cat([stratified_timesteps([5, 2], 100, torch.device("cpu"))[:1] for _ in range(4000)])
        assert drawn.min() >= 0 and drawn.max() <= 99
        counts = np.bincount(drawn.numpy() // 5, minlength=20)
        assert ((counts - 200) ** 2 / 200).sum() < 52.4
