"""In which order images are listed.

The orders, but for that by labels, are kept in files beside the database: reading one takes milliseconds where asking
the database takes a second. A file names the state that it belongs to; a wrong, old or damaged one is replaced without
a word.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import giver_table, integers, largest_id, listed
from pudm_gui.project.model import Ids, ImageFilter, SortKey
from pudm_gui.project.project import Project

SPARSE = 16
"""Where fewer than one image in so many is wanted, looking those up beats walking through all."""
KEPT_FROM = 10_000
"""Images from which on an order is kept in a file."""

_NAME = "CAST(sort_key AS TEXT)"
_SQL: dict[SortKey, str] = {
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
    sort, descending = filter_.sort or "path", filter_.descending
    if filter_.within is not None and filter_.sort is None:
        ids = filter_.within.ids[filter_.within.ids < len(keep)]
        ids = ids[keep[ids]]
    elif sort == "labeled":
        ids = _kept(project, "path", keep)
        given = giver_table(project.db, len(keep))[ids]
        given = np.where(given == 0, np.iinfo(np.int64).max, -given if descending else given)
        return ids[np.argsort(given, kind="stable")]
    elif sort in _VALUES:
        return _kept(project, sort, keep, descending=descending)
    else:
        ids = _kept(project, sort, keep)
    return ids[::-1].copy() if descending else ids


def _kept(project: Project, sort: SortKey, keep: NDArray[np.bool_], *, descending: bool = False) -> Ids:
    """Those that are true in `keep`, picked from the order of all, or sorted by themselves."""
    file = project.path / f"order-by-{sort}{'-descending' if descending else ''}.bin"
    state = _state(project.db, sort)
    ids = _read(file, state) if state[-1] >= KEPT_FROM else None
    if ids is None and np.count_nonzero(keep) * SPARSE < len(keep):
        return _few(project, sort, keep, descending)
    if ids is None:
        ids = _all(project, sort, descending)
        complete = len(ids) == state[-1] >= KEPT_FROM and _state(project.db, sort) == state
        if complete and not project.read_only:
            _write(file, state, ids)
    ids = ids[ids < len(keep)]  # a scan may have added some since
    return ids[keep[ids]]


def _few(project: Project, sort: SortKey, keep: NDArray[np.bool_], descending: bool) -> Ids:
    order = _SQL.get(sort, _SQL["path"])
    some = listed(np.flatnonzero(keep))
    ids = integers(
        project.db,
        f"SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?)) ORDER BY {order}",
        (some,),
    )
    if sort not in _VALUES:
        return ids
    values = integers(
        project.db,
        f"SELECT {_VALUES[sort]} FROM json_each(?) JOIN images ON images.id = value ORDER BY json_each.id",
        (listed(ids),),
    )
    return ids[np.argsort(-values if descending else values, kind="stable")]


def _all(project: Project, sort: SortKey, descending: bool) -> Ids:
    if sort not in _VALUES:
        return integers(project.db, f"SELECT id FROM images ORDER BY {_SQL[sort]}")
    values = integers(project.db, f"SELECT {_VALUES[sort]} FROM images ORDER BY id")
    everyone = np.ones(len(values) + 1, dtype=bool)
    everyone[0] = False
    ids = _kept(project, "path", everyone)
    values = values[ids - 1]
    return ids[np.argsort(-values if descending else values, kind="stable")]


def _state(db: sqlite3.Connection, sort: SortKey) -> tuple[int, ...]:
    """What an order depends on: marks that triggers leave where an image moves or is measured again, and the number of
    images, which are only ever added at the end."""
    moves, contents = db.execute("SELECT stamp, contents FROM image_order").fetchone()
    return moves, contents if sort in _VALUES else 0, largest_id(db)


def _read(file: Path, state: tuple[int, ...]) -> Ids | None:
    try:
        content = np.fromfile(file, dtype=np.int64)
    except OSError:
        return None
    head, ids = content[: len(state)], content[len(state) :]
    if len(ids) != state[-1] or tuple(head.tolist()) != state or ids.min() < 1 or ids.max() > len(ids):
        return None
    seen = np.zeros(len(ids) + 1, dtype=bool)
    seen[ids] = True
    return ids if np.count_nonzero(seen) == len(ids) else None


def _write(file: Path, state: tuple[int, ...], ids: Ids) -> None:
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
