"""Sets of numbers as sorted arrays: numpy's functions for sets hold Python's lock, for half a second at a million."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def contains(members: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of `values` is one of `members`, which are sorted."""
    if not len(members):
        return np.zeros(len(values), dtype=bool)
    places = np.searchsorted(members, values)
    places[places == len(members)] = 0
    return members[places] == values


def without(values: NDArray[np.int64], members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of `values` that are none of `members`, which are sorted."""
    return values[~contains(members, values)]
