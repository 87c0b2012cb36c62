"""A calm line through noisy losses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian mean of `values` over about a thirtieth of them to either side. NaN counts for nothing.

    Parameters
    ----------
    values
        ``(N,)`` float64.

    Returns
    -------
    ``(N,)`` float64.
    """
    if not len(values):
        return values
    width = float(np.clip(len(values) / 60, 1.5, 20))
    offsets = np.arange(-round(3 * width), round(3 * width) + 1)
    kernel = np.exp(-0.5 * (offsets / width) ** 2)
    known = np.isfinite(values)
    padded = np.pad(np.where(known, values, 0.0), len(offsets) // 2)
    weights = np.convolve(np.pad(known.astype(float), len(offsets) // 2), kernel, "valid")
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.convolve(padded, kernel, "valid") / weights


def robust_range(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Limits that leave out the wildest hundredth at either end, with a little air; None where there is nothing."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = np.percentile(finite, [1, 99])
    air = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
    return float(low - air), float(high + air)
