"""Sets of positions kept as ranges."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pudm_gui.label.grid.ranges import RangeSet

POSITIONS = st.integers(min_value=0, max_value=40)
PAIRS = st.lists(st.tuples(POSITIONS, POSITIONS), max_size=8)


def plain(pairs: list[tuple[int, int]]) -> set[int]:
    return {position for start, stop in pairs for position in range(start, stop)}


@given(PAIRS)
def test_holds_what_the_ranges_hold(pairs: list[tuple[int, int]]) -> None:
    ranges, expected = RangeSet(pairs), plain(pairs)
    assert ranges.positions().tolist() == sorted(expected)
    assert len(ranges) == len(expected)
    assert bool(ranges) == bool(expected)
    assert [position in ranges for position in range(45)] == [position in expected for position in range(45)]
    assert ranges.mask(3, 44).tolist() == [position in expected for position in range(3, 44)]
    assert ranges.take(np.arange(100) * 2).tolist() == [2 * position for position in sorted(expected)]


@given(PAIRS)
def test_is_sorted_disjoint_and_never_touching(pairs: list[tuple[int, int]]) -> None:
    edges = [edge for pair in RangeSet(pairs).ranges for edge in pair]
    assert edges == sorted(set(edges))


@pytest.mark.parametrize("rule", [operator.or_, operator.and_, operator.sub, operator.xor])
@given(left=PAIRS, right=PAIRS)
def test_combines_like_a_set(rule, left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    combined = rule(RangeSet(left), RangeSet(right))
    expected = rule(plain(left), plain(right))
    assert set(combined.positions().tolist()) == expected
    assert combined == RangeSet([(position, position + 1) for position in expected])


@given(st.lists(st.booleans(), max_size=40))
def test_comes_from_a_mask(mask: list[bool]) -> None:
    ranges = RangeSet.from_mask(np.array(mask, dtype=bool))
    assert ranges.mask(0, len(mask)).tolist() == mask


def test_a_million_positions_are_one_range() -> None:
    assert RangeSet([(0, 600_000), (500_000, 1_000_000)]).ranges == [(0, 1_000_000)]


def test_half_a_million_ranges_are_taken_and_turned_around() -> None:
    mask = np.arange(1_000_000) % 2 == 0
    every_other = RangeSet.from_mask(mask)
    others = RangeSet([(0, 1_000_000)]) - every_other
    assert len(every_other.ranges) == 500_000 and len(others) == 500_000
    assert (others.take(np.arange(1_000_000)) == np.flatnonzero(~mask)).all()
    assert (every_other.positions() == np.flatnonzero(mask)).all()
    assert (every_other | others).ranges == [(0, 1_000_000)]
