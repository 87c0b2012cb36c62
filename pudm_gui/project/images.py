"""Asking the store about images: ids first, rows for those that are looked at."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import integers, label_table, largest_id, listed
from pudm_gui.project.model import Counts, Ids, ImageFilter, ImageRow, Label
from pudm_gui.project.order import arranged
from pudm_gui.project.project import Project
from pudm_gui.project.query import passing

FEW = 2000
"""Up to so many labels are looked up one by one; for more, all are read at once."""


def image_ids(project: Project, filter_: ImageFilter = ImageFilter()) -> Ids:  # noqa: B008 — frozen
    """The images that `filter_` lets through, in the order that it asks for.

    Returns
    -------
    ``(N,)`` int64.
    """
    return arranged(project, passing(project.db, filter_), filter_)


def labels_for(project: Project, ids: Ids) -> NDArray[np.uint8]:
    """The labels of `ids`, in their order.

    Returns
    -------
    ``(N,)`` uint8, the numbers of `Label`.
    """
    wanted, db = np.asarray(ids, dtype=np.int64), project.db
    if len(wanted) > FEW:
        return label_table(db, int(wanted.max()) + 1)[wanted]
    labels = integers(
        db,
        "SELECT coalesce(label, 0) FROM json_each(?) LEFT JOIN labels ON image_id = value ORDER BY json_each.id",
        (listed(wanted),),
    )
    return labels.astype(np.uint8)


def image_rows(project: Project, ids: Ids | Sequence[int]) -> list[ImageRow]:
    """Everything about `ids`, in their order.

    Raises
    ------
    KeyError
        There is no image with one of the ids.
    """
    db = project.db
    wanted = [int(id_) for id_ in ids]
    bound = listed(np.asarray(wanted, dtype=np.int64))
    folders = {id_: Path(text) for id_, text in db.execute("SELECT id, path FROM roots")}
    tags = tags_of(db, bound)
    rows = {}
    for id_, root_id, path, width, height, size, mtime_ns, sha256, format_, problem, changed, *given in db.execute(
        """SELECT images.id, root_id, path, width, height, size, mtime_ns, sha256, format, problem, changed,
        coalesce(labels.label, 0), coalesce(source, ''), coalesce(annotator, '')
        FROM images LEFT JOIN labels ON image_id = images.id LEFT JOIN actions ON actions.id = labels.action_id
        WHERE images.id IN (SELECT value FROM json_each(?))""",
        (bound,),
    ):
        rows[id_] = ImageRow(
            id=id_,
            root_id=root_id,
            path=path,
            file=folders[root_id] / path,
            width=width,
            height=height,
            size=size,
            modified=mtime_ns / 1e9,
            sha256=sha256,
            format=format_,
            problem=problem,
            label=Label(given[0]),
            tags=tuple(tags[id_]),
            changed=bool(changed),
            source=given[1],
            annotator=given[2],
        )
    return [rows[id_] for id_ in wanted]


def tags_of(db: sqlite3.Connection, ids: str) -> defaultdict[int, list[str]]:
    """The tags of each of `ids`, which are `listed`, in order; none for the others."""
    tags: defaultdict[int, list[str]] = defaultdict(list)
    for id_, tag in db.execute(
        "SELECT image_id, tag FROM tags WHERE image_id IN (SELECT value FROM json_each(?)) ORDER BY image_id, tag",
        (ids,),
    ):
        tags[id_].append(tag)
    return tags


def counts(project: Project) -> Counts:
    """How many images there are of each kind."""
    db = project.db
    total = largest_id(db)
    sensitive, normal = label_totals(db)
    unreadable, unreadable_unlabeled = db.execute(
        """SELECT count(*), count(*) - count(label)
        FROM images LEFT JOIN labels ON image_id = id WHERE problem IS NOT NULL"""
    ).fetchone()
    changed = db.execute("SELECT count(*) FROM images WHERE changed = 1").fetchone()[0]
    return Counts(total, total - sensitive - normal - unreadable_unlabeled, sensitive, normal, unreadable, changed)


def label_totals(db: sqlite3.Connection) -> tuple[int, int]:
    """How many images are labeled sensitive, and normal."""
    row = db.execute("SELECT sensitive, normal FROM actions ORDER BY id DESC LIMIT 1").fetchone()
    return row or (0, 0)
