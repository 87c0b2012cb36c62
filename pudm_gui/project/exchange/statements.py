"""What a file says, once: repetitions are counted, contradictions become problems."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import is_first, is_last
from pudm_gui.project.exchange.matching import NOT_SAID, Matched
from pudm_gui.project.exchange.rows import KEPT, Noted, Problem
from pudm_gui.project.model import Ids, Label


@dataclass(frozen=True, slots=True, eq=False)
class Statements:
    """One per image and annotator, sorted by both: arrays ``(N,)``."""

    ids: Ids
    annotators: NDArray[np.int32]
    labels: NDArray[np.int8]
    """Numbers of `Label`, or `NOT_SAID`."""
    numbers: NDArray[np.int32]
    """The row that says it."""

    def where(self, keep: NDArray[np.bool_]) -> Statements:
        return Statements(self.ids[keep], self.annotators[keep], self.labels[keep], self.numbers[keep])

    def last_of_image(self) -> NDArray[np.bool_]:
        """Which of them hold in the end, where several annotators speak of an image."""
        return is_last(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """All that a file says."""

    names: tuple[str, ...]
    """The annotators, in the order in which they appear."""
    statements: Statements
    tagging: NDArray[np.int64]
    """Places in `Matched` of the statements whose tags count: where annotators differ, those of the last one."""
    tagging_by: NDArray[np.int32]
    """Who makes each of these."""
    duplicates: int
    problems: Noted

    def taggers(self, matched: Matched) -> tuple[Ids, ...]:
        """The images whose tags each of `names` gives."""
        ids = matched.ids[self.tagging]
        return tuple(ids[self.tagging_by == number] for number in range(len(self.names)))


def said(db: sqlite3.Connection, matched: Matched, annotator: str) -> Said:
    """Sort out what `matched` says; `annotator` says it where the file names nobody."""
    names = tuple(dict.fromkeys(name or annotator for name in matched.names))
    renamed = np.array([names.index(name or annotator) for name in matched.names], dtype=np.int32)
    groups = _Groups(matched.ids, renamed[matched.annotators])
    problems = replace(matched.problems, first=list(matched.problems.first))
    labeled = groups.first_of(matched.labels != NOT_SAID)
    for place, first in groups.differing(matched.labels, matched.labels != NOT_SAID, labeled, problems):
        problems.first.append(_other_label(db, matched, place, first))
    tagging = np.flatnonzero(matched.tagged)
    if not matched.adds_tags:
        tagged = groups.first_of(matched.tagged)
        if len(matched.tags):
            for place, first in groups.differing(_tag_sums(matched), matched.tagged, tagged, problems):
                problems.first.append(_other_tags(db, matched, place, first))
        tagging = tagged[tagged >= 0]
        tagging = tagging[is_last(matched.ids[tagging])]
    problems.first.sort(key=lambda problem: problem.line)
    labels = np.where(labeled >= 0, matched.labels[labeled], np.int8(NOT_SAID))
    firsts = groups.firsts
    statements = Statements(matched.ids[firsts], groups.who, labels, matched.numbers[firsts])
    tagging_by = renamed[matched.annotators[tagging]]
    return Said(names, statements, tagging, tagging_by, len(matched.ids) - len(firsts), problems)


class _Groups:
    """Statements by image and annotator, sorted by both; within a group they keep the order of the file."""

    def __init__(self, ids: Ids, who: NDArray[np.int32]) -> None:
        several = len(who) > 0 and bool((who != who[0]).any())
        self._order = np.lexsort((who, ids)) if several else np.arange(len(ids), dtype=np.int32)
        if several:
            ids, who = ids[self._order], who[self._order]
        begins = is_first(ids)
        begins[1:] |= who[1:] != who[:-1]
        self._group = np.cumsum(begins, dtype=np.int32) - 1
        self.firsts = self._order[begins]
        """The first statement of each group."""
        self.who = who[begins]

    def first_of(self, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """For each group the first statement for which `wanted` holds, or -1."""
        first = np.full(len(self.firsts), -1, dtype=np.int64)
        places = np.flatnonzero(wanted[self._order])[::-1]  # of several assignments to one place, the last one counts
        first[self._group[places]] = self._order[places]
        return first

    def differing(
        self, values: NDArray[np.generic], wanted: NDArray[np.bool_], first: NDArray[np.int64], problems: Noted
    ) -> Iterator[tuple[int, int]]:
        """The statements whose value differs from that of `first` of their group, with that.

        All are counted in `problems`, of which some thousand are kept; so many come, in the order of the file.
        """
        places = np.flatnonzero(wanted[self._order])
        wrong = places[values[self._order[places]] != values[first[self._group[places]]]]
        problems.count += len(wrong)
        for place in wrong[: max(KEPT - len(problems.first), 0)].tolist():
            yield int(self._order[place]), int(first[self._group[place]])


def _tag_sums(matched: Matched) -> NDArray[np.uint64]:
    """A number for each statement that differs where its tags differ."""
    of_tag = np.random.default_rng(0).integers(1, 1 << 63, max(len(matched.tags), 1), dtype=np.uint64)
    sums = np.zeros(matched.rows, dtype=np.uint64)
    np.add.at(sums, matched.tag_rows, of_tag[matched.tag_numbers])
    return sums[matched.numbers]


def _other_label(db: sqlite3.Connection, matched: Matched, place: int, first: int) -> Problem:
    path, words = _path(db, matched.ids[place]), [Label(int(matched.labels[n])).word for n in (place, first)]
    line, earlier = matched.lines[place], matched.lines[first]
    if not line:
        return Problem(path, f" is there as {words[0]} and as {words[1]}; keep one of the two.")
    told = f" labels {path} {words[0]}, but line {earlier} labels it {words[1]}; keep one of the two."
    return Problem.at(int(line), told)


def _other_tags(db: sqlite3.Connection, matched: Matched, place: int, first: int) -> Problem:
    path, line, earlier = _path(db, matched.ids[place]), matched.lines[place], matched.lines[first]
    if not line:
        return Problem(path, " has two files of tags that differ; keep one of the two.")
    return Problem.at(int(line), f" gives {path} other tags than line {earlier}; keep one of the two.")


def _path(db: sqlite3.Connection, image_id: np.int64) -> str:
    return db.execute("SELECT path FROM images WHERE id = ?", (int(image_id),)).fetchone()[0]
