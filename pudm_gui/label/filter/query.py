"""A filter as one line of text, both ways.

Plain words search names, as one piece of the path. Conditions are ``key:value``:

    beach label:sensitive tag:face,hands source:import by:anna folder:2021/trip size:>2mb
    date:2024-01..2024-06 edge:<256 is:changed is:untagged sort:-size

Quotes hold spaces together, and make a plain word of what looks like a condition. What a listing found by other means
(`ImageFilter.within`) has no text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, get_args

from pudm_gui.label.filter.quantities import (
    read_bytes,
    read_dates,
    read_pixels,
    read_range,
    write_bytes,
    write_dates,
    write_range,
)
from pudm_gui.label.filter.words import Word, plain, quoted, split
from pudm_gui.project.model import ImageFilter, Source
from training.errors import UserError

LABELS = ("unlabeled", "sensitive", "normal")
STATES = ("unreadable", "changed", "untagged")
SOURCES: tuple[str, ...] = get_args(Source)
SORTS = {
    "path": "path",
    "name": "name",
    "size": "size",
    "date": "modified",
    "resolution": "resolution",
    "labeled": "labeled",
    "best": None,
}
"""What sorting is called in text, and in `ImageFilter`."""
HELP = {
    "label": "label:sensitive, label:normal or label:unlabeled",
    "tag": "a tag, such as tag:face or tag:face,hands",
    "source": f"where the label came from: {', '.join(SOURCES)}",
    "by": "who gave the label, such as by:anna",
    "folder": "a folder inside the corpus, such as folder:2021/trip",
    "size": "the size of the file, such as size:>2mb or size:500kb..2mb",
    "date": "when the file was changed, such as date:2024-05 or date:2024-01..2024-06",
    "edge": "pixels of the shorter side, such as edge:<256 or edge:512..1024",
    "is": f"is:{', is:'.join(STATES)}",
    "sort": f"{', '.join(SORTS)}; with a minus the other way round, such as sort:-size",
}
"""The keys, and what may follow each."""
SEVERAL = ("tag", "source", "by", "is")
"""Keys that take more than one value."""


class QueryError(UserError):
    """A query that is not understood."""

    def __init__(self, sentence: str, *, unfinished: bool = False) -> None:
        super().__init__(sentence)
        self.unfinished = unfinished
        """It may become right as more is typed."""


def parse(text: str) -> ImageFilter:
    """Read a query.

    Raises
    ------
    QueryError
        Something in it is not understood.
    """
    names: list[str] = []
    found = _Found()
    for word in split(text):
        if word.open:
            raise QueryError("A quote is opened but not closed; add a closing one.", unfinished=True)
        if word.key:
            _read(word, text, found)
        else:
            names += word.values
    return ImageFilter(text=" ".join(name for name in names if name), **found.conditions)


def write(filter_: ImageFilter) -> str:
    """The text that `parse` reads as `filter_`, but for its listing."""
    words = [plain(filter_.text)] if filter_.text else []
    if filter_.show in LABELS:
        words.append(f"label:{filter_.show}")
    elif filter_.show != "all":
        words.append(f"is:{filter_.show}")
    for key, values in (("tag", filter_.tags), ("source", filter_.sources), ("by", filter_.annotators)):
        if values:
            words.append(f"{key}:{','.join(map(quoted, values))}")
    if filter_.folder:
        words.append(f"folder:{quoted(filter_.folder)}")
    ranges = {
        "size": write_range(filter_.size, write_bytes),
        "date": write_dates(filter_.modified),
        "edge": write_range(filter_.edge),
    }
    words += [f"{key}:{value}" for key, value in ranges.items() if value]
    words += ["is:changed"] if filter_.changed else []
    words += ["is:untagged"] if filter_.untagged else []
    if filter_.sort is not None or filter_.descending:
        name = next(name for name, key in SORTS.items() if key == filter_.sort)
        words.append(f"sort:{'-' if filter_.descending else ''}{name}")
    return " ".join(words)


@dataclass(slots=True)
class _Found:
    """What the words so far say; each reader below adds to it, and refuses what contradicts it."""

    conditions: dict[str, Any]

    def __init__(self) -> None:
        self.conditions = {}

    def once(self, name: str, value: object, word: Word) -> None:
        if self.conditions.get(name, value) != value:
            raise QueryError(f"“{word.key}:” is there twice with different values; keep one of them.")
        self.conditions[name] = value

    def add(self, name: str, values: tuple[str, ...]) -> None:
        self.conditions[name] = tuple(dict.fromkeys((*self.conditions.get(name, ()), *values)))

    def narrow(self, name: str, bounds: tuple[Any, Any], word: Word) -> None:
        """Both this range and an earlier one must hold."""
        earlier = self.conditions.get(name, (None, None))
        least = max((end for end in (bounds[0], earlier[0]) if end is not None), default=None)
        most = min((end for end in (bounds[1], earlier[1]) if end is not None), default=None)
        if least is not None and most is not None and least > most:
            raise QueryError(f"No image can meet both “{word.key}:” conditions; take one of them away.")
        self.conditions[name] = (least, most)


def _read(word: Word, text: str, found: _Found) -> None:
    said = text[word.start : word.stop]
    if word.key not in HELP:
        near = get_close_matches(word.key, HELP, 1, 0.6)
        if near:
            raise QueryError(f"“{word.key}:” is no condition; did you mean “{near[0]}:”?")
        raise QueryError(
            f"“{word.key}:” is no condition; put it in quotes to search names for it, or press Ctrl+Space to see all "
            "conditions."
        )
    if word.negated:
        raise QueryError(f"Conditions cannot be turned round with a minus; write “{said[1:]}”.")
    values = tuple(value for value in word.values if value)
    if not values:
        raise QueryError(f"After “{word.key}:” comes {HELP[word.key]}.", unfinished=True)
    if word.key not in SEVERAL:
        values = (",".join(word.values),)
    try:
        _READERS[word.key](values, word, found)
    except (ValueError, OverflowError) as error:
        raise QueryError(f"“{said}” is not understood; {word.key}: takes {HELP[word.key]}.", unfinished=True) from error


def _label(values: tuple[str, ...], word: Word, found: _Found) -> None:
    found.once("show", _one_of(values[0], (*LABELS, "unreadable", "all"), word), word)


def _is(values: tuple[str, ...], word: Word, found: _Found) -> None:
    for value in values:
        state = _one_of(value, (*STATES, *LABELS), word)
        if state in ("changed", "untagged"):
            found.conditions[state] = True
        else:
            found.once("show", state, word)


def _folder(values: tuple[str, ...], word: Word, found: _Found) -> None:
    folder = "/".join(part for part in values[0].split("/") if part)
    if not folder:
        raise ValueError("no folder")
    found.once("folder", folder, word)


def _sort(values: tuple[str, ...], word: Word, found: _Found) -> None:
    name = values[0]
    descending = name.startswith("-")
    name = "date" if name.lstrip("-").lower() == "modified" else name.removeprefix("-")
    found.once("sort", SORTS[_one_of(name, tuple(SORTS), word)], word)
    found.once("descending", descending, word)


def _source(values: tuple[str, ...], word: Word, found: _Found) -> None:
    found.add("sources", tuple(_one_of(value, SOURCES, word) for value in values))


def _one_of(value: str, known: tuple[str, ...], word: Word) -> str:
    name = value.lower()
    if name not in known:
        near = get_close_matches(name, known, 1, 0.6)
        way_out = f"did you mean “{near[0]}”?" if near else f"there is {', '.join(known)}."
        beginning = any(choice.startswith(name) for choice in known)
        raise QueryError(f"“{word.key}:” does not know “{value}”; {way_out}", unfinished=beginning)
    return name


_READERS: dict[str, Callable[[tuple[str, ...], Word, _Found], None]] = {
    "label": _label,
    "is": _is,
    "tag": lambda values, word, found: found.add("tags", values),
    "by": lambda values, word, found: found.add("annotators", values),
    "source": _source,
    "folder": _folder,
    "size": lambda values, word, found: found.narrow("size", read_range(values[0], read_bytes), word),
    "edge": lambda values, word, found: found.narrow("edge", read_range(values[0], read_pixels), word),
    "date": lambda values, word, found: found.narrow("modified", read_dates(values[0]), word),
    "sort": _sort,
}


def without_listing(filter_: ImageFilter) -> ImageFilter:
    """What of `filter_` can be written down."""
    return replace(filter_, within=None)
