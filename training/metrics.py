"""Figures about generated images: rates with intervals, and Fréchet distances that hide no singular matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from cleanfid.fid import frechet_distance as gaussian_distance
from numpy.typing import NDArray
from scipy.stats import norm

SAMPLES_PER_DIMENSION = 4
"""A covariance is estimated only in as many dimensions as leave this many images to each."""
SMALLEST_COUNT = 16
"""Fewer images than this give no Fréchet distance."""


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a proportion (Wilson, 1927); sound near 0 and 1, unlike the normal one.

    Raises
    ------
    ValueError
        `trials` < 1, or `successes` not within [0, `trials`].
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no proportion")
    z = float(norm.ppf(0.5 + confidence / 2))
    share, z2 = successes / trials, z * z
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = z / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class FrechetSpace:
    """Features seen in the principal axes of a reference set, as many as its size can carry."""

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    """``(k, D)``, orthonormal."""
    reference: NDArray[np.float64]
    """``(N, k)``."""

    @property
    def dimension(self) -> int:
        return len(self.axes)

    def distance(self, features: NDArray[np.floating]) -> float | None:
        """Squared Fréchet distance between Gaussians fitted to `features` ``(M, D)`` and to the reference.

        Source: Heusel et al., 2017, Eq. 6. ``None`` where `features` has fewer than two images per dimension, or the
        covariances are too near to singular for their square root to be trusted.
        """
        if len(features) < 2 * self.dimension or not np.isfinite(features).all():
            return None
        projected = (features - self.mean) @ self.axes.T
        moments = [
            (x.mean(0), np.cov(x, rowvar=False).reshape(self.dimension, -1)) for x in (projected, self.reference)
        ]
        try:
            distance = float(gaussian_distance(*moments[0], *moments[1]))
        except ValueError:  # clean-fid found an imaginary part in the square root
            return None
        return max(distance, 0.0) if math.isfinite(distance) else None


def frechet_space(reference: NDArray[np.floating]) -> FrechetSpace | None:
    """The space that `reference` ``(N, D)`` can carry, or ``None`` where it has too few images or no spread.

    With N < 4 D the Gaussian of all D dimensions would be singular or all noise; the first N / 4 principal axes of the
    reference are kept. Axes without any spread are always dropped.
    """
    count, width = reference.shape
    if count < SMALLEST_COUNT or not np.isfinite(reference).all():
        return None
    values = reference.astype(np.float64)
    mean = values.mean(0)
    _, spread, axes = np.linalg.svd(values - mean, full_matrices=False)
    carried = min(count // SAMPLES_PER_DIMENSION, width)
    rank = int((spread > spread[0] * 1e-4).sum()) if spread[0] > 0 else 0
    kept = axes[: min(carried, rank)]
    if len(kept) == 0:
        return None
    return FrechetSpace(mean, kept, (values - mean) @ kept.T)
