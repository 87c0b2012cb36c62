"""Splitting a typed query into words: plain ones, and conditions such as ``tag:"two words",face``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_KEY = re.compile(r"(-?)([A-Za-z]+):")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query, from `start` to `stop` in its text."""

    start: int
    stop: int
    key: str
    """In small letters; "" for a plain word."""
    values: tuple[str, ...]
    """What follows the key, parted by commas outside quotes; of a plain word the word itself."""
    negated: bool = False
    """A "-" stands before the key."""
    open: bool = False
    """A quote in it is not closed."""


def split(text: str) -> list[Word]:
    """The words of `text`, in their order."""
    words = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        word = _word(text, place)
        words.append(word)
        place = word.stop
    return words


def quoted(value: str) -> str:
    """`value` so that it is read back as one value of a condition."""
    if value and not value.startswith('"') and "," not in value and value == "".join(value.split()):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def plain(text: str) -> str:
    """`text` so that it is read back as plain words."""
    parts = text.split()
    if text == " ".join(parts) and not any(part.startswith('"') or _KEY.match(part) for part in parts):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _word(text: str, start: int) -> Word:
    match = _KEY.match(text, start)
    if match is None:
        if text[start] == '"':
            value, stop, closed = _quoted(text, start)
        else:
            value, stop, closed = *_bare(text, start, stops=""), True
        return Word(start, stop, "", (value,), open=not closed)
    values, place, closed = [], match.end(), True
    while True:
        if text[place : place + 1] == '"':
            value, place, closed = _quoted(text, place)
        else:
            value, place = _bare(text, place, stops=",")
        values.append(value)
        if text[place : place + 1] != ",":
            break
        place += 1
    return Word(start, place, match[2].lower(), tuple(values), negated=bool(match[1]), open=not closed)


def _bare(text: str, start: int, *, stops: str) -> tuple[str, int]:
    stop = start
    while stop < len(text) and not text[stop].isspace() and text[stop] not in stops:
        stop += 1
    return text[start:stop], stop


def _quoted(text: str, start: int) -> tuple[str, int, bool]:
    """The value in quotes that opens at `start`, where it stops, and whether it is closed."""
    found: list[str] = []
    place = start + 1
    while place < len(text):
        char = text[place]
        if char == '"':
            return "".join(found), place + 1, True
        if char == "\\" and text[place + 1 : place + 2] in ('"', "\\"):
            place += 1
            char = text[place]
        found.append(char)
        place += 1
    return "".join(found), place, False
