"""Sets of positions kept as ranges, so that a selection of a million images costs no more than one of ten."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

DENSE = 16
"""Positions for each edge of a range below which a set is combined position by position."""
FEW = 256
"""So many ranges are copied one by one, without a list of their positions."""


class RangeSet:
    """An immutable set of whole numbers ≥ 0, stored as sorted, disjoint, non-touching half-open ranges.

    Time and memory go with the number of ranges, never with the number of positions.
    """

    __slots__ = ("_edges",)

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        """`ranges` are (start, stop) pairs in any order; they may overlap, and empty ones are ignored."""
        pairs = np.array(list(ranges), dtype=np.int64).reshape(-1, 2)
        self._edges = _merged(pairs)

    @classmethod
    def from_pairs(cls, pairs: NDArray[np.int64]) -> RangeSet:
        """Of a ``(N, 2)`` array of starts and stops."""
        return cls._of(_merged(np.asarray(pairs, dtype=np.int64).reshape(-1, 2)))

    @classmethod
    def from_mask(cls, mask: Mask) -> RangeSet:
        """The positions where the ``(N,)`` array `mask` is true."""
        padded = np.concatenate(([False], mask, [False]))
        return cls._of(np.flatnonzero(padded[1:] != padded[:-1]).astype(np.int64))

    @classmethod
    def _of(cls, edges: NDArray[np.int64]) -> RangeSet:
        result = cls.__new__(cls)
        result._edges = edges
        return result

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Sorted (start, stop) pairs."""
        return [(int(start), int(stop)) for start, stop in self._edges.reshape(-1, 2)]

    def __len__(self) -> int:
        return int((self._edges[1::2] - self._edges[::2]).sum())

    def __bool__(self) -> bool:
        return len(self._edges) > 0

    def __contains__(self, position: int) -> bool:
        return bool(np.searchsorted(self._edges, position, side="right") % 2)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeSet) and np.array_equal(self._edges, other._edges)

    def __hash__(self) -> int:
        return hash(self._edges.tobytes())

    def __repr__(self) -> str:
        return f"RangeSet({self.ranges})"

    def __or__(self, other: RangeSet) -> RangeSet:
        return self._combined(other, np.logical_or)

    def __and__(self, other: RangeSet) -> RangeSet:
        return self._combined(other, np.logical_and)

    def __sub__(self, other: RangeSet) -> RangeSet:
        return self._combined(other, lambda mine, theirs: mine & ~theirs)

    def __xor__(self, other: RangeSet) -> RangeSet:
        return self._combined(other, np.logical_xor)

    def first(self) -> int:
        """The smallest position; the set must not be empty."""
        return int(self._edges[0])

    def positions(self) -> NDArray[np.int64]:
        """All positions, in order."""
        starts, lengths = self._edges[::2], self._edges[1::2] - self._edges[::2]
        ends = np.cumsum(lengths)
        return np.repeat(starts - ends + lengths, lengths) + np.arange(len(self), dtype=np.int64)

    def take(self, values: NDArray) -> NDArray:
        """``values[positions]``. They must lie inside `values`."""
        if not self:
            return values[:0]
        if len(self._edges) > 2 * FEW:
            return values[self.positions()]
        return np.concatenate([values[start:stop] for start, stop in self._edges.reshape(-1, 2)])

    def mask(self, start: int, stop: int) -> Mask:
        """Which of the positions start … stop - 1 belong to the set."""
        return (np.searchsorted(self._edges, np.arange(start, stop), side="right") % 2).astype(bool)

    def _combined(self, other: RangeSet, rule: Callable[[Mask, Mask], Mask]) -> RangeSet:
        count, top = len(self._edges) + len(other._edges), max(self._top(), other._top())
        if count * DENSE > top:  # so many short ranges that a table of all positions is small beside them
            return self.from_mask(rule(self._table(top), other._table(top)))
        # Sweep over all edges; between two of them membership in either set is constant.
        edges = np.concatenate((self._edges, other._edges))
        order = np.argsort(edges, kind="stable")  # which merges two sorted halves
        edges = edges[order]
        mine = np.cumsum(order < len(self._edges))
        theirs = np.arange(1, len(edges) + 1) - mine
        last = np.append(edges[1:] != edges[:-1], True)[: len(edges)]  # of those that are the same
        edges, mine, theirs = edges[last], mine[last] % 2 == 1, theirs[last] % 2 == 1
        inside = rule(mine, theirs)
        before = np.concatenate(([False], inside[:-1]))
        return self._of(edges[inside != before])

    def _top(self) -> int:
        """The first position after the last range."""
        return int(self._edges[-1]) if self else 0

    def _table(self, top: int) -> Mask:
        """Which of the positions below `top` belong to the set; the same as `mask`, for many ranges."""
        changes = np.zeros(top, dtype=bool)
        changes[self._edges[: len(self._edges) - (self._top() == top)]] = True
        return np.logical_xor.accumulate(changes)


def _merged(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    pairs = pairs[pairs[:, 1] > pairs[:, 0]]
    if len(pairs) == 0:
        return np.empty(0, dtype=np.int64)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    reach = np.maximum.accumulate(pairs[:, 1])
    begins = np.concatenate(([True], pairs[1:, 0] > reach[:-1]))
    ends = np.concatenate((begins[1:], [True]))
    return np.column_stack((pairs[begins, 0], reach[ends])).reshape(-1)
