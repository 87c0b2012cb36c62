"""The decoded cache, and the endless passes over it."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.training.builders import write_images
from training.arrays import RowWriter, open_rows
from training.data import SHARDS_AT_ONCE, Pool, ReadingStoppedError, build_cache, build_cache_to_look_at
from training.errors import UserError
from training.events import EventLog
from training.images import load_square
from training.manifest import LABELS, ManifestEntry
from training.ranks import Ranks
from training.spec import RunSpec, with_settings


def spec_for(folder: Path, **settings: object) -> RunSpec:
    fixed = {"data.roots": {"1": str(folder)}, "data.image_size": 8, "data.channels": 1}
    return with_settings(RunSpec(), fixed | {k.replace("__", "."): v for k, v in settings.items()})


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


def test_a_root_that_the_spec_does_not_know(tmp_path: Path) -> None:
    entries = [ManifestEntry("7", "a.png", "unlabeled", "")]
    with pytest.raises(UserError, match=r"image root 7, which data\.roots of spec\.json does not"):
        build_cache(tmp_path / "cache", spec_for(tmp_path), entries, EventLog(tmp_path / "e"))


def test_a_root_whose_images_have_all_gone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    entries = [ManifestEntry("1", f"{n}.png", "unlabeled", "") for n in range(50)]
    with pytest.raises(UserError, match=r"None of the 50 images .*empty is there any more; bring them back"):
        build_cache(tmp_path / "cache", spec_for(tmp_path / "empty"), entries, EventLog(tmp_path / "e"))


def test_images_of_which_none_can_be_read(tmp_path: Path) -> None:
    entries = write_images(tmp_path, {"unlabeled": 3})
    for entry in entries:
        (tmp_path / entry.path).write_bytes(b"no image")
    with pytest.raises(UserError, match=r"None of the 3 images can be read.*unlabeled-000.png.*not a JPEG"):
        build_cache(tmp_path / "cache", spec_for(tmp_path), entries, EventLog(tmp_path / "e"))


def test_small_images_are_scaled_up_and_told(tmp_path: Path) -> None:
    entries = [*write_images(tmp_path, {"unlabeled": 3}, size=8), *write_images(tmp_path, {"sensitive": 2}, size=16)]
    log = EventLog(tmp_path / "events.jsonl")
    cache = build_cache(tmp_path / "cache", spec_for(tmp_path, data__image_size=16), entries, log)
    assert cache.images.shape == (5, 1, 16, 16)
    assert "3 of 5 images are smaller than the training size of 16" in log.path.read_text("utf-8")


def test_images_far_too_small_are_refused_before_all_are_read(tmp_path: Path) -> None:
    entries = write_images(tmp_path, {"unlabeled": 4}, size=8)
    with pytest.raises(UserError, match=r"far smaller than the training size of 64 .* has 8 × 8\); use larger images"):
        build_cache(tmp_path / "cache", spec_for(tmp_path, data__image_size=64), entries, EventLog(tmp_path / "e"))


def test_stopping_leaves_nothing(tmp_path: Path) -> None:
    entries = write_images(tmp_path, {"unlabeled": 4})
    with pytest.raises(ReadingStoppedError):
        build_cache(tmp_path / "cache", spec_for(tmp_path), entries, EventLog(tmp_path / "e"), lambda: True)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_disk_too_small_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = write_images(tmp_path, {"unlabeled": 4})
    monkeypatch.setattr("training.arrays.shutil.disk_usage", lambda _: SimpleNamespace(free=255))
    with pytest.raises(UserError, match=r"takes 0\.0 GB.* free some space and go on, or set data.cache to none"):
        build_cache(tmp_path / "cache", spec_for(tmp_path), entries, EventLog(tmp_path / "e"))
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_disk_that_fills_up_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(writer: RowWriter, rows: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    entries = write_images(tmp_path, {"unlabeled": 4})
    monkeypatch.setattr(RowWriter, "append", full)
    with pytest.raises(UserError, match="The disk is full"):
        build_cache(tmp_path / "cache", spec_for(tmp_path), entries, EventLog(tmp_path / "e"))
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_sample_is_decoded_where_that_suffices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = write_images(tmp_path, {"unlabeled": 20, "normal": 5, "sensitive": 3})
    (tmp_path / entries[0].path).unlink()
    spec, log = spec_for(tmp_path), EventLog(tmp_path / "e")
    monkeypatch.setattr("training.data.MOST_LOOKED_AT", 12)
    sample = build_cache_to_look_at(tmp_path / "cache", spec, entries, log)
    assert len(sample.indices("sensitive")) == 3 and 11 <= len(sample.indices("unlabeled", "normal")) <= 12
    for image, label, line in zip(sample.images, sample.labels, sample.kept, strict=True):
        np.testing.assert_array_equal(image, load_square(tmp_path / entries[line].path, 8, 1))
        assert LABELS[label] == entries[line].label
    build_cache(tmp_path / "cache", spec, entries, log)
    assert len(build_cache_to_look_at(tmp_path / "cache", spec, entries, log).kept) == 27
    monkeypatch.setattr("training.data.MOST_LOOKED_AT", 25)
    assert len(build_cache_to_look_at(tmp_path / "other", spec, entries, log).kept) == 27


@pytest.mark.parametrize("rows", [0, 3, 4000])
def test_rows_written_one_by_one_are_an_array(tmp_path: Path, rows: int) -> None:
    expected = np.arange(rows * 6, dtype=np.float32).reshape(rows, 2, 3)
    with RowWriter(tmp_path / "a.npy", (2, 3), np.float32, expected=5000) as writer:
        for part in np.array_split(expected, 7):
            writer.append(part)
    np.testing.assert_array_equal(open_rows(tmp_path / "a.npy"), expected)


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

    def test_shards_are_visited_a_few_at_a_time(self) -> None:
        shards = np.repeat(np.arange(20) * 3, 10)
        pool = Pool(np.arange(200), seed=0, name="u", shards=shards)
        passes = pool.take(0, 400).reshape(2, 200)
        for order in passes:
            assert sorted(order) == list(range(200))
            groups = [set(shards[part]) for part in order.reshape(-1, 10 * SHARDS_AT_ONCE)]
            assert all(len(group) == SHARDS_AT_ONCE for group in groups)
            assert all(len(set(shards[part])) > 1 for part in order.reshape(-1, 10))
        assert not np.array_equal(*passes)

    @pytest.mark.parametrize("shards", [None, np.arange(103) // 9])
    @pytest.mark.parametrize("ranks", [1, 2, 3])
    def test_a_pass_is_whole_over_ranks_and_resumed(self, ranks: int, shards: NDArray[np.int64] | None) -> None:
        """Each rank takes its part of a step's positions; another process goes on after some steps."""
        indices, batch, seen = np.arange(50, 153), 12, []
        for step in range(18):
            for rank in (Ranks(number, ranks) for number in range(ranks)):
                pool = Pool(indices, seed=5, name="u", shards=shards)  # as if each step were another process
                seen += pool.take(step * batch, batch)[rank.share(batch)].tolist()
        assert sorted(seen[:103]) == indices.tolist()
        assert sorted(seen[103:206]) == indices.tolist()
        assert seen == Pool(indices, seed=5, name="u", shards=shards).take(0, 18 * batch).tolist()
