"""Queries: what is typed, what it means, and back again."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pudm_gui.label.filter.query import QueryError, parse, write
from pudm_gui.project.model import ImageFilter, Show, SortKey, Source

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
COUNTS = st.integers(0, 2**50) | st.integers(0, 50).map(lambda n: n * 1_000_000)
MOMENTS = st.floats(0, 4e9) | st.dates(datetime(1971, 1, 1).date(), datetime(2200, 1, 1).date()).map(
    lambda day: datetime(day.year, day.month, day.day).timestamp()
)


PIECES = [
    "tag:",
    '"',
    "a",
    "\\",
    ",",
    " ",
    "..",
    "<",
    ">=",
    "size:",
    "-",
    "is:",
    "changed",
    "2mb",
    "date:",
    "@1",
    "sort:size",
]


def ranges(numbers: st.SearchStrategy) -> st.SearchStrategy:
    pair = st.tuples(numbers, numbers).map(lambda ends: (min(ends), max(ends)))
    return pair | st.tuples(st.none(), numbers) | st.tuples(numbers, st.none()) | st.just((None, None))


def several(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(values, max_size=3, unique=True).map(tuple)


FILTERS = st.builds(
    ImageFilter,
    show=st.sampled_from(get_args(Show)),
    text=NAMES | st.just("") | st.sampled_from(['say "hi"', "a:b", "-tag:x", "two  spaces", "C:\\x", '"']),
    tags=several(NAMES),
    untagged=st.booleans(),
    sources=several(st.sampled_from(get_args(Source))),
    annotators=several(NAMES),
    folder=st.lists(NAMES.map(lambda name: name.replace("/", "_")), max_size=3).map("/".join),
    size=ranges(COUNTS),
    modified=ranges(MOMENTS),
    edge=ranges(st.integers(0, 100_000)),
    changed=st.booleans(),
    sort=st.none() | st.sampled_from(get_args(SortKey)),
    descending=st.booleans(),
)


@given(FILTERS)
@example(ImageFilter(size=(None, 0), edge=(0, 0)))
@example(ImageFilter(modified=(1700000000.1234567, 1700000000.1234567)))
def test_every_filter_is_read_back_from_its_text(filter_: ImageFilter) -> None:
    assert parse(write(filter_)) == filter_


@given(st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
def test_any_text_is_understood_or_answered_with_one_sentence(text: str) -> None:
    try:
        understood = parse(text)
    except QueryError as error:
        assert "\n" not in str(error).strip() or "\n" in text
    else:
        assert parse(write(understood)) == understood


def test_the_whole_language() -> None:
    text = (
        "beach label:sensitive tag:face tag:hands source:import by:anna folder:2021/trip size:>2mb "
        "date:2024-01..2024-06 edge:<256 is:changed is:untagged sort:-size"
    )
    found = parse(text)
    assert found == ImageFilter(
        show="sensitive",
        text="beach",
        tags=("face", "hands"),
        untagged=True,
        sources=("import",),
        annotators=("anna",),
        folder="2021/trip",
        size=(2_000_001, None),
        modified=(datetime(2024, 1, 1).timestamp(), datetime(2024, 7, 1).timestamp()),
        edge=(None, 255),
        changed=True,
        sort="size",
        descending=True,
    )
    assert write(found) == text.replace("tag:face tag:hands", "tag:face,hands")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two words", ImageFilter(text="two words")),
        ('"tag:face"', ImageFilter(text="tag:face")),
        ('tag:"two words","a,b"', ImageFilter(tags=("two words", "a,b"))),
        ("TAG:Face", ImageFilter(tags=("Face",))),
        ("12:30", ImageFilter(text="12:30")),
        ("size:1.5kib..2KB", ImageFilter(size=(1536, 2000))),
        ("size:>1kb size:<=9kb", ImageFilter(size=(1001, 9000))),
        ("edge:256", ImageFilter(edge=(256, 256))),
        ("edge:256px..", ImageFilter(edge=(256, None))),
        ("folder:/2021/", ImageFilter(folder="2021")),
        ("is:unreadable", ImageFilter(show="unreadable")),
        ("is:normal", ImageFilter(show="normal")),
        ("date:<2024", ImageFilter(modified=(None, datetime(2024, 1, 1).timestamp()))),
        ("date:>2024-12", ImageFilter(modified=(datetime(2025, 1, 1).timestamp(), None))),
        ("sort:modified", ImageFilter(sort="modified")),
        ("", ImageFilter()),
    ],
)
def test_ways_to_say_it(text: str, expected: ImageFilter) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tga:face", "did you mean “tag:”"),
        ("flavour:sweet", "is no condition"),
        ("label:sensitve", "did you mean “sensitive”"),
        ("source:mail", "hand, import"),
        ("size:big", "such as size:>2mb"),
        ("size:5mb..2mb", "not understood"),
        ("size:>5mb size:<2mb", "No image can meet both"),
        ("date:2024-13", "such as date:2024-05"),
        ("date:0001", "not understood"),
        ("edge:-4", "not understood"),
        ("label:normal is:sensitive", "twice"),
        ("sort:beauty", "“sort:” does not know “beauty”"),
        ("-tag:face", "write “tag:face”"),
        ("tag:", "After “tag:” comes a tag"),
        ('tag:"fa', "not closed"),
        ("size:" + "9" * 400, "not understood"),
        ("date:@nan", "not understood"),
    ],
)
def test_what_is_not_understood_is_said_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_a_word_that_may_still_grow_is_no_mistake_yet() -> None:
    for text, unfinished in (
        ("tag:", True),
        ("label:sens", True),
        ('"ab', True),
        ("label:xyz", False),
        ("tga:x", False),
    ):
        with pytest.raises(QueryError) as refused:
            parse(text)
        assert refused.value.unfinished == unfinished
