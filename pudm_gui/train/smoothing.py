"""A calm line through noisy losses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exponential mean of `values` over about a twentieth of them, unbiased at the start. NaN counts for nothing.

    Parameters
    ----------
    values
        ``(N,)`` float64.

    Returns
    -------
    ``(N,)`` float64.
    """
    keep = 1 - 2 / (1 + float(np.clip(len(values) / 20, 5, 60)))
    total = weight = 0.0
    out = np.empty(len(values))
    for index, value in enumerate(values):
        total *= keep
        weight *= keep
        if value == value:
            total += value
            weight += 1.0
        out[index] = total / weight if weight else np.nan
    return out


def robust_range(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Limits that leave out the wildest hundredth at either end, with a little air; None where there is nothing."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = np.percentile(finite, [1, 99])
    air = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
    return float(low - air), float(high + air)
