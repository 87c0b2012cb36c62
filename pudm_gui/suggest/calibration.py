"""What a classifier's scores mean: roughly, how probable it is that an unlabeled image is sensitive.

Two estimates of how many sensitive images U has above a score c, from different evidence:

- from S: β N_U q_S(c), where q_S(c) is the share of S above c (scored without being trained on) and β the smallest
  q_U / q_S (best-bin estimation: Garg et al., NeurIPS 2021). Too high where the classes overlap at every c.
- from U alone: what is above c beyond the upper tail of the normal images, whose scores are taken as a bell around
  the median, as wide as U's lower half, and wider above (Efron, JASA 2004, "empirical null"). Too low where the bell is
  too wide.

Their geometric mean held on digits, MNIST and CIFAR-10; the figures are in `tests/benchmarks/README.md`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SKEW = 1.5
"""Normal images' scores reach this much farther above their median than below."""
THRESHOLDS = 60
FIRST = 5
"""Images above the highest threshold."""
MOST_CERTAIN = 0.99
"""Of an image that nobody has looked at."""
LEAST_SHARE = 0.1
"""Of S above a threshold that may estimate β."""
NORMAL_MEDIAN, NORMAL_LOW = 0.45, 0.12
"""Quantiles of U: the normal images' median, as U holds some sensitive ones, and one σ below it."""

Scores = NDArray[np.floating]


def probabilities(unlabeled: Scores, sensitive: Scores) -> NDArray[np.float32]:
    """For each unlabeled image how probable it is that it is sensitive.

    Parameters
    ----------
    unlabeled
        ``(N,)``: scores of U, falling.
    sensitive
        ``(n,)``: scores of S, each by a classifier that was not trained on it.

    Returns
    -------
    ``(N,)`` float32 in [0, 1], falling.
    """
    count = len(unlabeled)
    if not count:
        return np.empty(0, np.float32)
    above = np.unique(np.geomspace(min(FIRST, count), count, THRESHOLDS).astype(np.int64))
    thresholds = unlabeled[above - 1].astype(np.float64)
    counts = np.diff(above, prepend=0)
    by_sensitive = _falling_rates(np.diff(_expected_by_sensitive(above, thresholds, sensitive), prepend=0), counts)
    by_excess = _falling_rates(np.diff(_expected_by_excess(above, thresholds, unlabeled), prepend=0), counts)
    rates = np.minimum(np.sqrt(by_sensitive * by_excess), MOST_CERTAIN)
    middles = above - (counts + 1) / 2
    return np.interp(np.arange(count), middles, rates).astype(np.float32)


def separability(unlabeled: Scores, sensitive: Scores) -> float:
    """The probability that a sensitive image scores higher than one of U."""
    rising = np.sort(unlabeled)
    below = np.searchsorted(rising, sensitive, "left") + np.searchsorted(rising, sensitive, "right")
    return float(below.mean() / (2 * len(rising)))


def better_than_chance(separability_: float, sensitive: int) -> bool:
    """Whether so many sensitive images would hardly ever be separated so well if scores said nothing of them."""
    return separability_ > 0.5 + 2 / math.sqrt(12 * sensitive)  # two standard deviations of a mean of uniform numbers


def _expected_by_sensitive(
    above: NDArray[np.int64], thresholds: NDArray[np.float64], sensitive: Scores
) -> NDArray[np.float64]:
    count = above[-1]
    width = max(float(np.std(sensitive)), 1e-3) * len(sensitive) ** -0.2  # Silverman's rule, nearly
    share_s = np.array(
        [(1 / (1 + np.exp(-1.702 * np.clip((sensitive - c) / width, -30, 30)))).mean() for c in thresholds]
    )
    share_u = above / count
    ratio = (share_u + 2 * np.sqrt(share_u / count)) / share_s
    usable = share_s > LEAST_SHARE
    beta = min(float(ratio[usable].min()), 1.0) if usable.any() else 1.0
    return beta * count * share_s


def _expected_by_excess(
    above: NDArray[np.int64], thresholds: NDArray[np.float64], unlabeled: Scores
) -> NDArray[np.float64]:
    median, low = (float(quantile) for quantile in np.quantile(unlabeled, (NORMAL_MEDIAN, NORMAL_LOW)))
    spread = SKEW * max(median - low, 1e-6)
    tail = np.array([math.erfc((c - median) / spread / math.sqrt(2)) if c > median else 1.0 for c in thresholds])
    normal = np.minimum(above[-1] / 2 * tail, above)
    below = thresholds <= median
    normal[below] += above[below] - above[~below].max(initial=0)
    return above - np.minimum(normal, above)


def _falling_rates(expected: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """``expected / counts`` made falling by pooling neighbours that rise, and held within [0, 1]."""
    pools: list[tuple[float, int, int]] = []
    for each, count in zip(expected, counts, strict=True):
        pool = (float(each), int(count), 1)
        while pools and pool[0] * pools[-1][1] > pools[-1][0] * pool[1]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    rates = np.repeat([total / count for total, count, _ in pools], [length for *_, length in pools])
    return np.clip(rates, 0, 1)
