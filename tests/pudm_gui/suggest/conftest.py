"""Indexes of made-up features, and of real images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pudm_gui.suggest.index import FeatureIndex
from tests.pudm_gui.suggest.stores import components_of, index_of, mnist, write_store

MakeIndex = Callable[..., FeatureIndex]


@pytest.fixture
def make_index(tmp_path: Path) -> MakeIndex:
    """``make_index(features, …)``: image n + 1 has row n."""
    made = 0

    def make(features: NDArray[np.floating], **rest: object) -> FeatureIndex:
        nonlocal made
        made += 1
        return index_of(write_store(tmp_path / f"made-up-{made}", features, **rest))

    return make


@pytest.fixture(scope="session")
def digits(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[FeatureIndex, NDArray[np.uint8]]:
    """Pixels of real digits, of which about one in ten is odd, and which digit each is."""
    pixels, digits = mnist(test_data, 6000)
    odd = np.flatnonzero(digits % 2 == 1)
    kept = np.sort(np.concatenate([np.flatnonzero(digits % 2 == 0), odd[:330]]))
    pixels, digits = pixels[kept], digits[kept]
    store = write_store(tmp_path_factory.mktemp("digits") / "pixels", pixels, reduced=components_of(pixels))
    return index_of(store), digits
