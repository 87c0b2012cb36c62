"""Feature stores and indexes of made-up features, and of real images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pudm_gui.suggest.index import FeatureIndex
from training.feature_store import CLUSTERS, MAP, REDUCED, FeatureStore, StoreInfo
from training.feature_writer import FeatureWriter, unit_rows

MakeIndex = Callable[..., FeatureIndex]


def write_store(
    folder: Path,
    features: NDArray[np.floating],
    *,
    digests: NDArray[np.uint8] | None = None,
    phash: NDArray[np.uint64] | None = None,
    reduced: NDArray[np.floating] | None = None,
    clusters: NDArray[np.int32] | None = None,
) -> FeatureStore:
    """A store of these rows, ``(N, D)``; what is not given is made up."""
    count, dimension = features.shape
    rng = np.random.default_rng(0)
    if digests is None:
        digests = rng.integers(0, 256, (count, 32), np.uint8)
    if phash is None:
        phash = rng.integers(0, 2**64, count, np.uint64)
    if reduced is None:
        reduced = unit_rows(features)
    if clusters is None:
        clusters = np.zeros(count, np.int32)
    with FeatureWriter(folder, StoreInfo(folder.name, "Made up", dimension, "00")) as writer:
        writer.append(digests, features, phash)
        writer.commit()
        with writer.deriving(reduced.shape[1]) as place:
            reduced.astype(np.float16).tofile(place / REDUCED)
            rng.random((count, 2), np.float32).tofile(place / MAP)
            clusters.astype(np.int32).tofile(place / CLUSTERS)
    return FeatureStore.open(folder)


@pytest.fixture
def make_index(tmp_path: Path) -> MakeIndex:
    """``make_index(features, …)``: image n + 1 has row n."""

    def make(features: NDArray[np.floating], **rest: object) -> FeatureIndex:
        store = write_store(tmp_path / "features" / "made-up", features, **rest)
        return FeatureIndex(store, np.arange(1, len(features) + 1), np.arange(len(features)), 0)

    return make
