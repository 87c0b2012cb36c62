"""What is offered while a query is typed."""

from __future__ import annotations

import pytest

from pudm_gui.label.filter.completion import complete
from pudm_gui.project.facets import Facets

KNOWN = Facets(
    tags={"face": 40, "surface": 3, "two words": 1},
    sources={"import": 5},
    annotators={"anna": 9},
    folders=("2021", "2021/trip", "2022"),
)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("ta", ["tag:"]),
        ("s", []),
        ("cat si", ["size:"]),
        ("tag:", ["face", "surface", "two words"]),
        ("tag:FAC", ["face", "surface"]),
        ("tag:face,", ["surface", "two words"]),
        ("by:a", ["anna"]),
        ("folder:tr", ["2021/trip"]),
        ("label:s", ["sensitive"]),
        ("sort:-si", ["-size"]),
        ("is:ch", ["changed"]),
        ("tag:face", ["face", "surface"]),
        ("tag:two", ["two words"]),
        ("label:sensitive", []),
        ("-tag:f", []),
        ("tag:face ", []),
        ("beach", []),
    ],
)
def test_what_fits_is_offered(text: str, offered: list[str]) -> None:
    assert [choice.shown for choice in complete(text, len(text), KNOWN).choices] == offered


def test_what_is_chosen_takes_the_place_of_the_word_that_was_begun() -> None:
    found = complete("cat tag:face,tw", 15, KNOWN)
    assert "cat tag:face,tw"[: found.start] + found.choices[0].text == 'cat tag:face,"two words" '
    assert found.choices[0].detail == "1"


def test_every_condition_can_be_asked_for() -> None:
    keys = [choice.shown for choice in complete("", 0, KNOWN, every_key=True).choices]
    assert {"label:", "tag:", "source:", "by:", "folder:", "size:", "date:", "edge:", "is:", "sort:"} == set(keys)
