"""All pairs of 64-bit hashes that differ in a few bits, without comparing every pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import distinct

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]
"""``(P, 2)``: places of both, the smaller first; each pair once, sorted."""
BLOCKS = 8
MOST_BITS = 6
AT_ONCE = 250_000
"""Pairs that are compared at once; bounds the memory."""


def close_pairs(hashes: Hashes, bits: int) -> Pairs:
    """The pairs of `hashes` whose Hamming distance is at most `bits`.

    Of 8 blocks of 8 bits, two hashes that differ in k bits share at least 8 − k. So for every choice of that many
    blocks, those that agree in them lie side by side once sorted by them, and only neighbours are compared.

    Parameters
    ----------
    hashes
        ``(N,)`` uint64, all different.
    bits
        0 to 6.
    """
    if not 0 <= bits <= MOST_BITS:
        raise ValueError(f"bits is {bits}, not within 0 to {MOST_BITS}")
    found = [np.empty((0, 2), np.int64)]
    for blocks in combinations(range(BLOCKS), BLOCKS - bits):
        mask = np.uint64(sum(0xFF << (8 * block) for block in blocks))
        found.append(_pairs_of_runs(hashes, hashes & mask, bits))
    first, second = np.concatenate(found).T
    return np.stack(np.divmod(distinct(first * len(hashes) + second), max(len(hashes), 1)), axis=1)


def _pairs_of_runs(hashes: Hashes, keys: Hashes, bits: int) -> Pairs:
    """Close pairs among those with equal keys."""
    order = np.argsort(keys)
    ordered, values = keys[order], hashes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] ^ np.uint64(1)))
    lengths = np.diff(np.append(starts, len(ordered)))
    after = np.repeat(starts + lengths, lengths) - np.arange(len(ordered)) - 1  # how many of its run follow each
    found = [np.empty((0, 2), np.int64)]
    live = np.flatnonzero(after)
    step = 1
    while len(live):
        for start in range(0, len(live), AT_ONCE):
            some = live[start : start + AT_ONCE]
            close = some[np.bitwise_count(values[some] ^ values[some + step]) <= bits]
            found.append(np.sort(np.stack([order[close], order[close + step]], axis=1), axis=1))
        step += 1
        live = live[after[live] >= step]
    return np.concatenate(found)
