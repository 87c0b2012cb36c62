"""Which images pass an `ImageFilter`: one table of yes and no over all ids, narrowed by one condition after another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import integers, label_table, largest_id, member_table
from pudm_gui.project.model import Ids, ImageFilter, Label
from pudm_gui.project.paths import encode, like_pattern

FURTHEST = 2**63 - 1024
"""The largest integer of SQLite that is a float as well."""
Condition = tuple[str, tuple[object, ...]]
"""A piece of SQL about a row of `images`, and what is bound in it."""


def passing(db: sqlite3.Connection, filter_: ImageFilter) -> NDArray[np.bool_]:
    """Whether each id from 0 to the largest passes all conditions of `filter_`.

    Returns
    -------
    ``(N + 1,)`` bool.
    """
    size = largest_id(db) + 1
    keep = np.ones(size, dtype=bool)
    keep[0] = False
    if filter_.within is not None:
        keep &= member_table(filter_.within.ids, size)
    if filter_.show == "unlabeled":
        keep &= label_table(db, size) == Label.UNLABELED
        keep &= ~member_table(_unreadable(db), size)
    elif filter_.show == "unreadable":
        keep &= member_table(_unreadable(db), size)
    elif filter_.show != "all":
        keep &= label_table(db, size) == Label.from_word(filter_.show)
    if filter_.sources or filter_.annotators:
        keep &= member_table(_given_by(db, filter_.sources, filter_.annotators), size)
    if filter_.tags:
        keep &= member_table(_tagged(db, filter_.tags), size)
    if filter_.untagged:
        keep &= ~member_table(integers(db, "SELECT DISTINCT image_id FROM tags"), size)
    if conditions := list(_about_the_file(filter_)):
        sql = " AND ".join(f"({each})" for each, _ in conditions)
        bound = tuple(value for _, values in conditions for value in values)
        keep &= member_table(integers(db, f"SELECT id FROM images WHERE {sql}", bound), size)
    return keep


def _about_the_file(filter_: ImageFilter) -> Iterator[Condition]:
    """The conditions that one pass over the table of images answers."""
    if filter_.changed:
        yield "changed = 1", ()
    if folder := filter_.folder.strip("/"):
        # "0" follows "/", so this is a range of the index over roots and paths.
        inside = "root_id IN (SELECT id FROM roots) AND path > CAST(? AS TEXT) AND path < CAST(? AS TEXT)"
        yield inside, (encode(f"{folder}/"), encode(f"{folder}0"))
    yield from _between("size", *filter_.size)
    first, end = filter_.modified
    if first is not None:
        yield "mtime_ns >= ?", (_clamped(first * 1e9),)
    if end is not None:
        yield "mtime_ns < ?", (_clamped(end * 1e9),)
    if filter_.edge != (None, None):
        yield "width > 0", ()  # the size of an image that nobody has looked into yet is not known
        yield from _between("min(width, height)", *filter_.edge)
    if filter_.text:
        yield r"coalesce(folded, path) LIKE CAST(? AS TEXT) ESCAPE '\'", (like_pattern(filter_.text),)


def _between(column: str, least: int | None, most: int | None) -> Iterator[Condition]:
    if least is not None:
        yield f"{column} >= ?", (_clamped(least),)
    if most is not None:
        yield f"{column} <= ?", (_clamped(most),)


def _clamped(number: float) -> int:
    """As SQLite takes it: what is further away than its integers reach is as good as the furthest."""
    return int(min(max(number, -FURTHEST), FURTHEST))


def _unreadable(db: sqlite3.Connection) -> Ids:
    return integers(db, "SELECT id FROM images WHERE problem IS NOT NULL")


def _given_by(db: sqlite3.Connection, sources: Sequence[str], annotators: Sequence[str]) -> Ids:
    """The images whose present label came from one of `sources` and one of `annotators`; none of either: any."""
    conditions = [
        f"{column} IN ({', '.join(['CAST(? AS TEXT)'] * len(values))})"
        for column, values in (("source", sources), ("annotator", annotators))
        if values
    ]
    return integers(
        db,
        "SELECT image_id FROM labels WHERE action_id IN "
        f"(SELECT id FROM actions WHERE kind <> 'tag' AND {' AND '.join(conditions)})",
        tuple(encode(value) for value in (*sources, *annotators)),
    )


def _tagged(db: sqlite3.Connection, tags: Sequence[str]) -> Ids:
    listed = ", ".join(["CAST(? AS TEXT)"] * len(tags))
    return integers(
        db, f"SELECT DISTINCT image_id FROM tags WHERE tag IN ({listed})", tuple(encode(tag) for tag in tags)
    )
