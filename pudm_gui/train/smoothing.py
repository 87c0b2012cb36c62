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


def thinned(values: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Which points to draw so that a line looks the same: of each stretch the lowest and the highest, in order.

    Parameters
    ----------
    values
        ``(N,)`` float64; NaN is a gap.
    most
        About how many points may be left.

    Returns
    -------
    ``(M,)`` int64, ascending.
    """
    stretch = 2 * len(values) // most
    if stretch <= 2:
        return np.arange(len(values))
    whole = len(values) // stretch * stretch
    blocks = values[:whole].reshape(-1, stretch)
    known = np.isfinite(blocks)
    lowest = np.where(known, blocks, np.inf).argmin(axis=1)
    highest = np.where(known, blocks, -np.inf).argmax(axis=1)
    picked = np.column_stack((lowest, highest)) + np.arange(0, whole, stretch)[:, None]
    return np.union1d(picked.ravel(), np.arange(whole, len(values)))


def robust_range(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Limits that leave out the wildest hundredth at either end, with a little air; None where there is nothing."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = np.percentile(finite, [1, 99])
    air = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
    return float(low - air), float(high + air)
