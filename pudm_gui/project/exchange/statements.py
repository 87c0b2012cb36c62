"""What a file says, once: repetitions are counted, contradictions become problems."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.exchange.matching import NOT_SAID, Matched
from pudm_gui.project.exchange.rows import KEPT, Noted, Problem
from pudm_gui.project.model import Ids, Label


@dataclass(frozen=True, slots=True, eq=False)
class Statements:
    """One per image and annotator, sorted by both: arrays ``(N,)``."""

    ids: Ids
    annotators: NDArray[np.int64]
    labels: NDArray[np.int8]
    """Numbers of `Label`, or `NOT_SAID`."""
    numbers: NDArray[np.int64]
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
    tagging_by: NDArray[np.int64]
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
    renamed = np.array([names.index(name or annotator) for name in matched.names], dtype=np.int64)
    who = renamed[matched.annotators]
    problems = replace(matched.problems, first=list(matched.problems.first))
    labeled = _Groups(matched, who, matched.labels != NOT_SAID)
    for place, first in labeled.differing(matched.labels):
        problems.note(_other_label(db, matched, place, first))
    problems.count += labeled.left_out
    tagged = _Groups(matched, who, matched.tagged)
    if not matched.adds_tags:
        for place, first in tagged.differing(_tag_sums(matched)):
            problems.note(_other_tags(db, matched, place, first))
        problems.count += tagged.left_out
    problems.first.sort(key=lambda problem: problem.line)
    every = _Groups(matched, who, np.ones(len(who), dtype=bool))
    labels = np.full(len(every.firsts), NOT_SAID, dtype=np.int8)
    ids, given = matched.ids, labeled.firsts
    labels[np.isin(_keys(ids[every.firsts], who[every.firsts]), _keys(ids[given], who[given]))] = matched.labels[given]
    statements = Statements(ids[every.firsts], who[every.firsts], labels, matched.numbers[every.firsts])
    tagging = np.flatnonzero(matched.tagged) if matched.adds_tags else tagged.firsts[is_last(ids[tagged.firsts])]
    return Said(names, statements, tagging, who[tagging], len(who) - len(every.firsts), problems)


class _Groups:
    """Those statements for which `wanted` holds, by image and annotator."""

    def __init__(self, matched: Matched, who: NDArray[np.int64], wanted: NDArray[np.bool_]) -> None:
        order = np.lexsort((matched.numbers, who, matched.ids))
        self._order = order[wanted[order]]
        ids, who = matched.ids[self._order], who[self._order]
        begins = np.append([True] * min(len(ids), 1), (ids[1:] != ids[:-1]) | (who[1:] != who[:-1])).astype(bool)
        self.firsts = self._order[begins]
        """The first statement of each group, sorted by image and annotator."""
        self._first_of = self.firsts[np.cumsum(begins) - 1] if len(ids) else self.firsts
        self.left_out = 0
        """How many differences `differing` did not tell."""

    def differing(self, values: NDArray[np.generic]) -> Iterator[tuple[int, int]]:
        """The statements whose value differs from that of the first of their group, with it, in the order of the file;
        no more than can be told."""
        places = np.flatnonzero(values[self._order] != values[self._first_of])
        places = places[np.argsort(self._order[places])]
        self.left_out = max(len(places) - KEPT, 0)
        yield from zip(self._order[places[:KEPT]].tolist(), self._first_of[places[:KEPT]].tolist(), strict=True)


def _keys(ids: Ids, who: NDArray[np.int64]) -> NDArray[np.int64]:
    return ids * (1 << 20) + who


def is_first(ids: Ids) -> NDArray[np.bool_]:
    """Whether each of `ids`, which are sorted, is the first that is so."""
    return np.append([True] * min(len(ids), 1), ids[1:] != ids[:-1]).astype(bool)


def is_last(ids: Ids) -> NDArray[np.bool_]:
    """Whether each of `ids`, which are sorted, is the last that is so."""
    return np.append(ids[1:] != ids[:-1], [True] * min(len(ids), 1)).astype(bool)


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
