"""Whole columns of the store as arrays, and sets of numbers, without holding up other threads.

numpy's functions for sets hold Python's lock, for half a second at a million.
"""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Ids

LISTED = 50_000
"""Numbers that are turned into text at once."""
PIECE = 1 << 20
"""Characters that are turned into numbers at once: a few milliseconds in which no other Python thread runs."""


def integers(db: sqlite3.Connection, sql: str, parameters: tuple[object, ...] | dict[str, object] = ()) -> Ids:
    """The single column that `sql` gives, in its order.

    SQLite joins the numbers to one text without Python's lock, so a long list neither holds up the window nor waits
    for it at every row. It keeps the order of a subquery for ``group_concat``.

    Returns
    -------
    ``(N,)`` int64.
    """
    text = db.execute(f"WITH found(number) AS ({sql}) SELECT group_concat(number) FROM found", parameters).fetchone()[0]
    pieces, start = [], 0
    while text and start < len(text):
        end = text.find(",", start + PIECE)
        end = len(text) if end < 0 else end
        pieces.append(np.fromstring(text[start:end], dtype=np.int64, sep=","))
        start = end + 1
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)


def listed(ids: Ids) -> str:
    """`ids` as a JSON list, to be bound in a query; it is written in pieces, for the same reason."""
    pieces = (str(ids[start : start + LISTED].tolist())[1:-1] for start in range(0, len(ids), LISTED))
    return f"[{','.join(pieces)}]"


def distinct(ids: Ids) -> Ids:
    """`ids` in their order of size, each once."""
    ids = np.sort(np.asarray(ids, dtype=np.int64))
    return ids[is_first(ids)]


def is_first(ordered: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Whether each number, of which equal ones lie side by side, is the first of its kind."""
    return np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]


def is_last(ordered: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Whether each number, of which equal ones lie side by side, is the last of its kind."""
    return np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)]


def contains(members: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of `values` is one of `members`, which are sorted."""
    if not len(members):
        return np.zeros(len(values), dtype=bool)
    places = np.searchsorted(members, values)
    places[places == len(members)] = 0
    return members[places] == values


def without(values: NDArray[np.int64], members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of `values` that are none of `members`, which are sorted."""
    return values[~contains(members, values)]


def largest_id(db: sqlite3.Connection) -> int:
    """Also the number of images, since ids count up from 1 and a trigger keeps rows from being deleted."""
    return db.execute("SELECT coalesce(max(id), 0) FROM images").fetchone()[0]


def label_table(db: sqlite3.Connection, size: int) -> NDArray[np.uint8]:
    """The label of each id below `size`.

    Returns
    -------
    ``(size,)`` uint8, the numbers of `Label`.
    """
    both = integers(db, "SELECT 4 * image_id + label FROM labels WHERE image_id < ?", (size,))
    table = np.zeros(size, dtype=np.uint8)
    table[both >> 2] = both & 3
    return table


def giver_table(db: sqlite3.Connection, size: int) -> NDArray[np.int64]:
    """The action that gave each id below `size` its label, 0 where it has none. Later ones have higher numbers.

    Returns
    -------
    ``(size,)`` int64.
    """
    both = integers(db, "SELECT image_id || ',' || action_id FROM labels WHERE image_id < ?", (size,)).reshape(-1, 2)
    table = np.zeros(size, dtype=np.int64)
    table[both[:, 0]] = both[:, 1]
    return table


def member_table(ids: Ids, size: int) -> NDArray[np.bool_]:
    """Whether each id below `size` is one of `ids`.

    Returns
    -------
    ``(size,)`` bool.
    """
    table = np.zeros(size, dtype=bool)
    table[ids[ids < size]] = True
    return table
