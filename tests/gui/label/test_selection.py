"""Choosing tiles."""

from __future__ import annotations

from pudm_gui.label.grid.ranges import RangeSet
from pudm_gui.label.grid.selection import Selection


def test_shift_goes_from_the_anchor_both_ways() -> None:
    selection = Selection().only(5).extended(8)
    assert selection.chosen.ranges == [(5, 9)]
    assert selection.extended(2).chosen.ranges == [(2, 6)]


def test_ctrl_adds_and_takes_away_one() -> None:
    selection = Selection().only(5).toggled(9)
    assert selection.chosen.ranges == [(5, 6), (9, 10)]
    assert selection.toggled(5).chosen.ranges == [(9, 10)]


def test_ctrl_shift_keeps_what_was_chosen() -> None:
    assert Selection().only(1).toggled(5).extended(7, keep=True).chosen.ranges == [(1, 2), (5, 8)]


def test_a_selection_lost_to_a_stray_click_comes_back() -> None:
    selection = Selection().only(10).extended(5_000).only(7).only(8)
    assert selection.restored().chosen.ranges == [(10, 5_001)]
    assert selection.restored().restored().chosen.ranges == [(8, 9)]


def test_clearing_can_be_taken_back_and_nothing_is_made_up() -> None:
    assert Selection().replaced(RangeSet([(0, 3)])).cleared().restored().chosen.ranges == [(0, 3)]
    assert not Selection().only(3).restored().former
