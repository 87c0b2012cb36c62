"""What is derived of features: few numbers that keep likeness, groups, and a map on which nothing jumps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.derive import derive
from training.feature_store import FeatureStore, StoreInfo, derived_folder
from training.feature_writer import FeatureWriter

DIMENSION, KINDS = 40, 4


def features_of(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """``(count, D)`` around four centres, and which."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(KINDS, DIMENSION))
    kinds = rng.integers(0, KINDS, count)
    return centres[kinds] + 0.2 * rng.normal(size=(count, DIMENSION)), kinds


def append(writer: FeatureWriter, features: np.ndarray, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    digests = rng.integers(0, 256, (len(features), 32), np.uint8)
    writer.append(digests, features, np.zeros(len(features), np.uint64))
    writer.commit()


@pytest.fixture
def writer(tmp_path: Path) -> FeatureWriter:
    return FeatureWriter(tmp_path / "pixels", StoreInfo("pixels", "Pixels", DIMENSION, ""))


def test_likeness_groups_and_places_agree(writer: FeatureWriter) -> None:
    features, kinds = features_of(300)
    append(writer, features)
    derive(writer)
    store = FeatureStore.open(writer.folder)
    assert store.reduced.shape == (300, DIMENSION)
    assert store.map.min() >= 0
    assert store.map.max() <= 1
    likeness = store.reduced.astype(np.float32) @ store.reduced.astype(np.float32).T
    distance = np.linalg.norm(store.map[:, None] - store.map[None], axis=2)
    np.fill_diagonal(likeness, -1)
    np.fill_diagonal(distance, 9)
    assert np.array_equal(kinds[likeness.argmax(1)], kinds)
    assert np.array_equal(kinds[distance.argmin(1)], kinds)
    assert all(len(np.unique(kinds[store.clusters == group])) == 1 for group in np.unique(store.clusters))


def test_a_few_more_rows_move_nothing(writer: FeatureWriter) -> None:
    append(writer, features_of(200)[0])
    derive(writer)
    before = FeatureStore.open(writer.folder)
    old = before.map.copy(), before.reduced.copy(), before.clusters.copy()
    features, kinds = features_of(10, seed=1)
    append(writer, features, seed=1)
    derive(writer)
    after = FeatureStore.open(writer.folder)
    assert len(after) == 210
    for former, now in zip(old, (after.map, after.reduced, after.clusters), strict=True):
        assert np.array_equal(now[:200], former)
    nearest = np.linalg.norm(after.map[200:, None] - old[0][None], axis=2).argmin(1)
    assert np.array_equal(features_of(200)[1][nearest], kinds)


def test_a_store_that_grew_is_fitted_anew(writer: FeatureWriter) -> None:
    append(writer, features_of(30)[0])
    derive(writer)
    append(writer, features_of(100, seed=1)[0], seed=1)
    derive(writer)
    store = FeatureStore.open(writer.folder)
    assert len(store) == 130
    assert store.info.reduced == DIMENSION


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off"])
def test_what_was_fitted_and_is_damaged_is_fitted_anew(writer: FeatureWriter, content: bytes) -> None:
    append(writer, features_of(30)[0])
    derive(writer)
    (derived_folder(writer.folder, 1) / "fitted.npz").write_bytes(content)
    append(writer, features_of(1, seed=1)[0], seed=1)
    derive(writer)
    assert len(FeatureStore.open(writer.folder)) == 31


def test_the_same_rows_give_the_same(tmp_path: Path) -> None:
    maps = []
    for name in ("one", "two"):
        with FeatureWriter(tmp_path / name, StoreInfo("pixels", "Pixels", DIMENSION, "")) as writer:
            append(writer, features_of(150)[0])
            derive(writer)
        maps.append(FeatureStore.open(tmp_path / name).map)
    assert np.array_equal(*maps)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9])
def test_few_images_are_enough(writer: FeatureWriter, count: int) -> None:
    append(writer, features_of(count)[0])
    derive(writer)
    store = FeatureStore.open(writer.folder)
    assert len(store) == count
    assert np.isfinite(store.map).all()
    assert np.isfinite(store.reduced).all()


def test_images_that_are_all_alike_are_no_trouble(writer: FeatureWriter) -> None:
    append(writer, np.ones((50, DIMENSION)))
    derive(writer)
    store = FeatureStore.open(writer.folder)
    assert np.isfinite(store.map).all()
    assert np.isfinite(store.reduced).all()


def test_a_stop_while_deriving_leaves_the_store_as_it_was(writer: FeatureWriter) -> None:
    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if (done, total) == (210, 210):
            raise StoppedError

    append(writer, features_of(200)[0])
    derive(writer)
    append(writer, features_of(10, seed=1)[0], seed=1)
    with pytest.raises(StoppedError):
        derive(writer, tick=stop)
    assert len(FeatureStore.open(writer.folder)) == 200
    derive(writer)
    assert len(FeatureStore.open(writer.folder)) == 210
