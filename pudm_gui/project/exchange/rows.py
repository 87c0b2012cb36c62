"""What every format is read into: rows that name an image and say something about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pudm_gui.project.model import Label

KEPT = 1000
"""Of so many problems and unknown files, the place and the words are kept; the rest are counted."""


class Row(NamedTuple):
    """One statement about one image."""

    line: int
    """In a table, from 1; 0 where the row is a file of its own."""
    path: str
    """Relative to an image folder or absolute, as written; undecodable bytes are surrogate-escaped."""
    label: Label | None = None
    """None where the file says nothing about it."""
    tags: tuple[str, ...] | None = None
    """None where the file says nothing about them."""
    annotator: str = ""
    sha256: str = ""
    """Of the image's content, in small hexadecimal digits; "" where the file does not say."""
    file: Path | None = None
    """A copy of the image, of `size` bytes. Its path means an image of its content only, or finds none."""
    size: int = -1
    mtime_ns: int = 0

    @property
    def place(self) -> str:
        return f"line {self.line}" if self.line else self.path


class Problem(NamedTuple):
    """Why a row cannot be taken over."""

    place: str
    """Such as "line 3", or the name of a file."""
    words: str
    """Go on from the place: " has no path; write one.", ": There is no label 'bad'."."""
    line: int = 0

    @classmethod
    def at(cls, line: int, words: str) -> Problem:
        return cls(f"line {line}", words, line)

    @classmethod
    def of(cls, row: Row, words: str) -> Problem:
        return cls(row.place, words, row.line)

    def __str__(self) -> str:
        return f"{self.place}{self.words}"


class UnreadableError(Exception):
    """The rest of a file cannot be read; `problem` says why."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.problem = Problem.at(line, words)


@dataclass(slots=True)
class Noted:
    """How many there are of something, and the first of them."""

    count: int = 0
    first: list[Problem] = field(default_factory=list)

    def note(self, problem: Problem) -> None:
        self.count += 1
        if len(self.first) < KEPT:
            self.first.append(problem)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file or folder while it is being read."""

    rows: Iterator[Row | Problem]
    folder: Path | None = None
    """Where the files of the rows are, if they are files."""
    stems: bool = False
    """Paths lack the ending of the image's name, or may."""
    adds_tags: bool = False
    """Tags come on top of those that an image has; otherwise they take their place."""


def is_text(cell: str) -> bool:
    """Whether `cell` was valid UTF-8, and without NUL."""
    return (cell.isascii() and "\0" not in cell) or not any(
        char == "\0" or "\ud800" <= char <= "\udfff" for char in cell
    )
