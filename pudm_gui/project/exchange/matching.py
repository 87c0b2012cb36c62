"""Reading a file to its end and finding the images of its rows, as arrays: a million rows are not a million objects."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import contains, distinct
from pudm_gui.project.exchange.formats import Format, reading
from pudm_gui.project.exchange.lookup import Hits, Lookup
from pudm_gui.project.exchange.places import leaves
from pudm_gui.project.exchange.rows import KEPT, Noted, Problem, Reading, Row, UnreadableError, is_text
from pudm_gui.project.exchange.text_file import NOT_UTF8
from pudm_gui.project.model import Ids
from pudm_gui.project.project import Project
from pudm_gui.project.tags import clean

CHUNK = 20_000
NOT_SAID = -1


class CancelledError(Exception):
    """Whoever asked for it did not want to wait."""


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """What a file says of the images of a project. Statements are sorted by image, then in the order of the file."""

    read: int
    """Rows, wrong ones included."""
    rows: int
    """Those that could be understood."""
    ids: Ids
    """``(N,)``: the image of each statement."""
    labels: NDArray[np.int8]
    """``(N,)``: numbers of `Label`, or `NOT_SAID`."""
    annotators: NDArray[np.int32]
    """``(N,)``: places in `names`."""
    numbers: NDArray[np.int32]
    """``(N,)``: the row of each statement, counted from 0."""
    lines: NDArray[np.int32]
    """``(N,)``: the line of each statement, 0 where the row was a file."""
    tagged: NDArray[np.bool_]
    """``(N,)``: whether it says something about tags, perhaps that there are none."""
    names: tuple[str, ...]
    """Who says it; "" where the file does not tell."""
    tags: tuple[str, ...]
    tag_rows: NDArray[np.int32]
    tag_numbers: NDArray[np.int32]
    """``(T,)`` each: that row has that tag of `tags`."""
    adds_tags: bool
    by_content: int
    """Rows whose image was found by its content alone."""
    other_content: int
    """Rows whose path is that of an image with another content."""
    unknown: Noted
    problems: Noted


def match(
    project: Project,
    path: Path,
    format_: Format,
    progress: Callable[[int, int], object],
    cancelled: Callable[[], bool],
) -> Matched:
    """Read `path` and look its rows up, for `importing.read_labels`."""
    read = 0

    def advanced(by: int) -> None:
        nonlocal read
        read = by

    source = reading(path, format_, advanced)
    matching = _Matching(project, source, cancelled)
    try:
        for chunk in _chunks(source, matching.note):
            if cancelled():
                raise CancelledError
            matching.add(chunk)
            progress(matching.count, read)
        return matching.finish()
    finally:
        matching.lookup.close()


def _chunks(source: Reading, note: Callable[[Problem], object]) -> Iterable[list[Row]]:
    """The rows of `source`, many at a time; what is wrong is handed to `note`."""
    rows = iter(source.rows)
    ended = False
    while not ended:
        chunk: list[Row] = []
        try:
            some = list(itertools.islice(rows, CHUNK))
            ended = len(some) < CHUNK
        except UnreadableError as error:
            some, ended = [], True
            note(error.problem)
        for row in some:
            if isinstance(row, Row):
                chunk.append(row)
            else:
                note(row)
        if chunk:
            yield chunk


class _Matching:
    def __init__(self, project: Project, source: Reading, cancelled: Callable[[], bool]) -> None:
        self.lookup = Lookup(project, source, cancelled)
        self.count = 0
        self.wrong = 0
        self.problems = Noted()
        self._adds_tags = source.adds_tags
        self._labels, self._annotators, self._lines = array("b"), array("i"), array("i")
        self._tagged = array("b")
        self._tag_rows, self._tag_numbers = array("i"), array("i")
        self._names: dict[str, int] = {}
        self._tags: dict[str, int] = {}
        self._numbers_of = lru_cache(maxsize=50_000)(self._numbers_of_tags)
        self._hits: list[Hits] = []
        self._unknown: dict[int, Row] = {}
        """Rows that no path has found; only so many of them."""

    def note(self, problem: Problem) -> None:
        """Take in a row that cannot be understood."""
        self.wrong += 1
        self.problems.note(problem)

    def add(self, rows: list[Row]) -> None:
        """Take in the next rows and look them up by their paths."""
        first, names = self.count, self._names
        self._labels.extend([NOT_SAID if row.label is None else row.label for row in rows])
        self._annotators.extend([names.setdefault(row.annotator, len(names)) for row in rows])
        self._lines.extend([row.line for row in rows])
        self._tagged.extend([row.tags is not None for row in rows])
        for number, row in enumerate(rows, first):
            if row.tags and (numbers := self._numbers_of(row.tags)):
                self._tag_numbers.extend(numbers)
                self._tag_rows.extend([number] * len(numbers))
        self.count += len(rows)
        hits, ambiguous = self.lookup.by_path(first, rows)
        self._hits.append(hits)
        for n in ambiguous:
            words = f": {rows[n].path} is in more than one image folder of the project; write its absolute path."
            self.problems.note(Problem.of(rows[n], words))
        found = np.zeros(len(rows), dtype=bool)
        found[hits.rows - first] = True
        for n in np.flatnonzero(~found)[: max(2 * KEPT - len(self._unknown), 0)].tolist():
            self._unknown[first + n] = rows[n]

    def finish(self) -> Matched:
        """Look the rest up by content, and put all in order."""
        later, others = self.lookup.by_content()
        found = np.zeros(self.count, dtype=bool)
        for hits in (*self._hits, later):
            found[hits.rows] = True
        paths = np.concatenate([np.empty(0, np.int64), *(hits.ids for hits in self._hits)])
        # Where a path means an image, a row that has found a copy of it by its content says nothing about it.
        later = later.where(~contains(np.sort(paths), later.ids) | contains(others, later.rows))
        rows = np.concatenate([*(hits.rows for hits in self._hits), later.rows])
        ids = np.concatenate([*(hits.ids for hits in self._hits), later.ids])
        order = np.lexsort((rows, ids))
        rows, ids = rows[order], ids[order]
        return Matched(
            read=self.count + self.wrong,
            rows=self.count,
            ids=ids,
            labels=np.frombuffer(self._labels or b"", dtype=np.int8)[rows],
            annotators=np.frombuffer(self._annotators or b"", dtype=np.int32)[rows],
            numbers=rows.astype(np.int32),
            lines=np.frombuffer(self._lines or b"", dtype=np.int32)[rows],
            tagged=np.frombuffer(self._tagged or b"", dtype=np.int8)[rows] == 1,
            names=tuple(self._names),
            tags=tuple(self._tags),
            tag_rows=np.frombuffer(self._tag_rows or b"", dtype=np.int32),
            tag_numbers=np.frombuffer(self._tag_numbers or b"", dtype=np.int32),
            adds_tags=self._adds_tags,
            by_content=len(distinct(later.rows)) - len(others),
            other_content=len(others),
            unknown=self._told(found),
            problems=self.problems,
        )

    def _told(self, found: NDArray[np.bool_]) -> Noted:
        """The rows of no image; those that no image could be the file of become problems."""
        unknown = Noted(int(np.count_nonzero(~found)))
        for number, row in self._unknown.items():
            if found[number]:
                continue
            if not is_text(row.path) and not row.file:
                self.problems.note(Problem.of(row, NOT_UTF8))
            elif row.file is None and leaves(row.path):
                words = f": {row.path} leads out of the image folders; write the path inside its folder, or absolute."
                self.problems.note(Problem.of(row, words))
            elif len(unknown.first) < KEPT:
                unknown.first.append(Problem.of(row, row.path))
        return unknown

    def _numbers_of_tags(self, tags: tuple[str, ...]) -> list[int]:
        return [self._tags.setdefault(tag, len(self._tags)) for tag in clean(tags)]
