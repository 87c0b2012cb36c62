"""Groups of rows that point in like directions: spherical k-means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10
Floats = NDArray[np.float32]


def centres_of(values: Floats, count: int, random: np.random.Generator) -> Floats:
    """``(count, K)``: unit centres of groups of `values`, ``(n, K)`` unit rows of which there are at least `count`."""
    centres = values[random.choice(len(values), count, replace=False)]
    for _ in range(ROUNDS):
        nearest = nearest_centres(values, centres)
        sums = (nearest == np.arange(count)[:, None]).astype(np.float32) @ values
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-9), centres)
    return centres


def nearest_centres(values: Floats, centres: Floats) -> NDArray[np.int64]:
    """``(n,)``: which centre is nearest to each row."""
    return (values @ centres.T).argmax(axis=1)
