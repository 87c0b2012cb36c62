"""In which order images are listed.

The orders by path and by name are kept in files beside the database: reading one takes milliseconds where the database
takes a second. A file names the state that it belongs to; a wrong, old or damaged one is replaced without a word.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import integers, largest_id, listed
from pudm_gui.project.model import Ids, ImageFilter, SortKey
from pudm_gui.project.project import Project

SPARSE = 16
"""Where fewer than one image in so many is wanted, looking those up beats walking through all."""
KEPT_FROM = 10_000
"""Images from which on an order is kept in a file."""

_NAME = "CAST(sort_key AS TEXT)"
_SQL = {
    "path": "root_id, sort_key, id",
    # What follows the last separator of folders: the key without its longest end that has no separator is the folder.
    "name": f"substr({_NAME}, 1 + length(rtrim({_NAME}, replace({_NAME}, x'01', '')))), root_id, sort_key, id",
}
_VALUES: dict[SortKey, str] = {"size": "size", "modified": "mtime_ns / 1000", "resolution": "width * height"}

logger = logging.getLogger(__name__)


def arranged(project: Project, keep: NDArray[np.bool_], filter_: ImageFilter) -> Ids:
    """The ids that are true in `keep`, ``(N + 1,)``, in the order that `filter_` asks for.

    Images that are alike come by root and in natural order of their paths, those without a label last where labels
    are what is sorted by.
    """
    if filter_.within is not None and filter_.sort is None:
        ids = filter_.within.ids[filter_.within.ids < len(keep)]
        ids = ids[keep[ids]]
        return ids[::-1].copy() if filter_.descending else ids
    if filter_.sort in (None, "path", "name"):
        ids = _stored_order(project, "name" if filter_.sort == "name" else "path", keep)
        return ids[::-1].copy() if filter_.descending else ids
    ids = _stored_order(project, "path", keep)
    if filter_.sort == "labeled":
        given = _given(project.db, len(keep))[ids]
        last = given == 0
        values = np.where(last, np.iinfo(np.int64).max, -given if filter_.descending else given)
    else:
        values = _values(project.db, _VALUES[filter_.sort], ids, len(keep))
        values = -values if filter_.descending else values
    return ids[np.argsort(values, kind="stable")]


def _stored_order(project: Project, by: Literal["path", "name"], keep: NDArray[np.bool_]) -> Ids:
    if np.count_nonzero(keep) * SPARSE < len(keep):
        return integers(
            project.db,
            f"SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?)) ORDER BY {_SQL[by]}",
            (listed(np.flatnonzero(keep)),),
        )
    ids = _all(project, by)
    ids = ids[ids < len(keep)]  # a scan may have added some since
    return ids[keep[ids]]


def _all(project: Project, by: Literal["path", "name"]) -> Ids:
    """Every image, from the file where that is right."""
    file, db = project.path / f"order-by-{by}.bin", project.db
    state = _state(db)
    if state[1] < KEPT_FROM:
        return integers(db, f"SELECT id FROM images ORDER BY {_SQL[by]}")
    known = _read(file, state)
    if known is not None:
        return known
    ids = integers(db, f"SELECT id FROM images ORDER BY {_SQL[by]}")
    if not project.read_only and len(ids) == state[1] and _state(db) == state:
        _write(file, state, ids)
    return ids


def _state(db: sqlite3.Connection) -> tuple[int, int]:
    """What an order depends on: images are only ever added at the end, and a trigger marks each that moves."""
    moves = db.execute("SELECT stamp FROM image_order").fetchone()[0]
    return moves, largest_id(db)


def _read(file: Path, state: tuple[int, int]) -> Ids | None:
    try:
        content = np.fromfile(file, dtype=np.int64)
    except OSError:
        return None
    ids = content[2:]
    if len(ids) != state[1] or tuple(content[:2].tolist()) != state or ids.min() < 1 or ids.max() > len(ids):
        return None
    seen = np.zeros(len(ids) + 1, dtype=bool)
    seen[ids] = True
    return ids if np.count_nonzero(seen) == len(ids) else None


def _write(file: Path, state: tuple[int, int], ids: Ids) -> None:
    """Replace `file`. It is not waited for to be on the disk: a damaged one is found out."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".tmp", dir=file.parent)  # private to the user
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(np.array(state, dtype=np.int64).tobytes())
            part.write(ids.tobytes())
        Path(name).replace(file)
    except OSError as error:
        logger.info("The order of images is not kept: %s", error)
        Path(name).unlink(missing_ok=True)


def _values(db: sqlite3.Connection, expression: str, ids: Ids, size: int) -> NDArray[np.int64]:
    """A column for `ids`, in their order."""
    if len(ids) * SPARSE < size:
        return integers(
            db,
            f"SELECT {expression} FROM json_each(?) JOIN images ON images.id = value ORDER BY json_each.id",
            (listed(ids),),
        )
    return integers(db, f"SELECT {expression} FROM images ORDER BY id")[ids - 1]


def _given(db: sqlite3.Connection, size: int) -> NDArray[np.int64]:
    """The action that gave each image below `size` its label, 0 where it has none. Later ones have higher numbers."""
    both = integers(db, "SELECT image_id || ',' || action_id FROM labels WHERE image_id < ?", (size,)).reshape(-1, 2)
    given = np.zeros(size, dtype=np.int64)
    given[both[:, 0]] = both[:, 1]
    return given
