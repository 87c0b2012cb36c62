"""Which tags an import would put on images, and which it would take off, as pairs of numbers."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import contains, distinct, integers, without
from pudm_gui.project.exchange.matching import Matched
from pudm_gui.project.model import Ids
from pudm_gui.project.paths import encode
from pudm_gui.project.tags import TagPairs


class TagPlan(NamedTuple):
    """Both sorted by image."""

    added: TagPairs
    removed: TagPairs

    def of(self, image_id: int) -> tuple[list[str], list[str]]:
        """The tags that one image gets and loses."""
        return self.added.of(image_id), self.removed.of(image_id)

    def for_images(self, ids: Ids) -> TagPlan:
        """The part that concerns `ids`, which are sorted."""
        return TagPlan(self.added.for_images(ids), self.removed.for_images(ids))


def plan_tags(db: sqlite3.Connection, matched: Matched, chosen: NDArray[np.int64], *, only_add: bool) -> TagPlan:
    """Compare the tags that a file gives with those that images have.

    Parameters
    ----------
    chosen
        Places of the statements in `matched` that count.
    only_add
        Take off no tag that is there.
    """
    names = _numbered(db, matched.tags)
    ids, rows = matched.ids[chosen], matched.numbers[chosen]
    base = max(len(names), 1)
    wanted = distinct(_joined(ids, rows, matched.tag_rows, matched.tag_numbers, base))
    there = np.empty(0, dtype=np.int64)
    if len(ids):
        sql = f"SELECT image_id * {base} + number FROM tags JOIN temp.tag_numbers USING (tag)"
        there = np.sort(integers(db, sql))
        there = there[contains(np.sort(ids), there // base)]
    db.execute("DROP TABLE temp.tag_numbers")
    added = without(wanted, there)
    removed = there[:0] if only_add else without(there, wanted)
    return TagPlan(*(TagPairs(names, keys // base, keys % base) for keys in (added, removed)))


def _numbered(db: sqlite3.Connection, names: tuple[str, ...]) -> tuple[str, ...]:
    """`names` and all other tags of the project; their numbers are in the table ``temp.tag_numbers``."""
    known = set(names)
    others = [tag for (tag,) in db.execute("SELECT DISTINCT tag FROM tags ORDER BY tag") if tag not in known]
    every = (*names, *others)
    db.execute("DROP TABLE IF EXISTS temp.tag_numbers")
    db.execute("CREATE TEMP TABLE tag_numbers (tag TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID")
    db.executemany(
        "INSERT INTO temp.tag_numbers VALUES (CAST(? AS TEXT), ?)", ((encode(tag), n) for n, tag in enumerate(every))
    )
    return every


def _joined(
    ids: Ids, rows: NDArray[np.int32], tag_rows: NDArray[np.int32], tags: NDArray[np.int32], base: int
) -> NDArray[np.int64]:
    """``id * base + tag`` for each image of each row and each tag of that row."""
    order = np.argsort(rows, kind="stable")
    ids, rows = ids[order], rows[order]
    start, stop = np.searchsorted(rows, tag_rows, "left"), np.searchsorted(rows, tag_rows, "right")
    times = stop - start
    ends = np.cumsum(times)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - times, times)
    return ids[np.repeat(start, times) + within] * base + np.repeat(tags, times)
