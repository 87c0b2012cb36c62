"""Asking the store about images: ids first, rows for those that are looked at."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Counts, Ids, ImageFilter, ImageRow, Label
from pudm_gui.project.paths import like_pattern
from pudm_gui.project.project import Project

FEW = 2000
"""Up to so many labels are looked up one by one; for more, all are read at once."""
SPARSE = 16
"""Where fewer than one image in so many is wanted, sorting those beats walking through all."""
_IN_ORDER = "ORDER BY root_id, sort_key, id"


def image_ids(project: Project, filter_: ImageFilter = ImageFilter()) -> Ids:  # noqa: B008 — frozen
    """The images that `filter_` lets through, by root and then in natural order of their paths.

    Returns
    -------
    ``(N,)`` int64.
    """
    db = project.db
    keep = _kept(db, filter_)
    if filter_.within is not None and filter_.sort is None:
        found = filter_.within.ids[filter_.within.ids < len(keep)]
        return found[keep[found]]
    if keep.sum() * SPARSE < len(keep):
        listed = str(np.flatnonzero(keep).tolist())
        return integers(
            db,
            f"SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?)) {_IN_ORDER}",
            (listed,),
        )
    ids = integers(db, f"SELECT id FROM images {_IN_ORDER}")
    ids = ids[ids < len(keep)]  # a scan may have added some since
    return ids[keep[ids]]


def labels_for(project: Project, ids: Ids) -> NDArray[np.uint8]:
    """The labels of `ids`, in their order.

    Returns
    -------
    ``(N,)`` uint8, the numbers of `Label`.
    """
    wanted, db = np.asarray(ids, dtype=np.int64), project.db
    if len(wanted) > FEW:
        return _label_table(db, int(wanted.max()) + 1)[wanted]
    labels = integers(
        db,
        "SELECT coalesce(label, 0) FROM json_each(?) LEFT JOIN labels ON image_id = value ORDER BY json_each.id",
        (str(wanted.tolist()),),
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
    listed = json.dumps(wanted)
    folders = {id_: Path(text) for id_, text in db.execute("SELECT id, path FROM roots")}
    tags: defaultdict[int, list[str]] = defaultdict(list)
    for id_, tag in db.execute(
        "SELECT image_id, tag FROM tags WHERE image_id IN (SELECT value FROM json_each(?)) ORDER BY image_id, tag",
        (listed,),
    ):
        tags[id_].append(tag)
    rows = {}
    for id_, root_id, path, width, height, size, mtime_ns, sha256, format_, problem, changed, *given in db.execute(
        """SELECT images.id, root_id, path, width, height, size, mtime_ns, sha256, format, problem, changed,
        coalesce(labels.label, 0), coalesce(source, ''), coalesce(annotator, '')
        FROM images LEFT JOIN labels ON image_id = images.id LEFT JOIN actions ON actions.id = labels.action_id
        WHERE images.id IN (SELECT value FROM json_each(?))""",
        (listed,),
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
            tags=tuple(tags.get(id_, ())),
            changed=bool(changed),
            source=given[1],
            annotator=given[2],
        )
    return [rows[id_] for id_ in wanted]


def counts(project: Project) -> Counts:
    """How many images there are of each kind."""
    db = project.db
    total = _largest_id(db)
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


def record_problem(project: Project, image_id: int, sentence: str | None) -> None:
    """Note why an image cannot be used, as found out later than by the scan; None takes the note back."""
    with project.writing() as db:
        db.execute("UPDATE images SET problem = ? WHERE id = ?", (sentence, int(image_id)))


def _kept(db: sqlite3.Connection, filter_: ImageFilter) -> NDArray[np.bool_]:
    """Whether each id from 0 to the largest passes `filter_`."""
    size = _largest_id(db) + 1
    keep = np.ones(size, dtype=bool)
    keep[0] = False
    if filter_.show == "unlabeled":
        keep &= _label_table(db, size) == Label.UNLABELED
        keep &= ~_member_table(_unreadable(db), size)
    elif filter_.show in ("sensitive", "normal"):
        keep &= _label_table(db, size) == Label.from_word(filter_.show)
    elif filter_.show == "unreadable":
        keep &= _member_table(_unreadable(db), size)
    if filter_.text:
        keep &= _member_table(_named(db, filter_.text), size)
    return keep


def _label_table(db: sqlite3.Connection, size: int) -> NDArray[np.uint8]:
    """The label of each id below `size`."""
    table = np.zeros(size, dtype=np.uint8)
    for label in (Label.SENSITIVE, Label.NORMAL):
        table[integers(db, "SELECT image_id FROM labels WHERE label = ? AND image_id < ?", (int(label), size))] = label
    return table


def _member_table(ids: Ids, size: int) -> NDArray[np.bool_]:
    table = np.zeros(size, dtype=bool)
    table[ids[ids < size]] = True
    return table


def _largest_id(db: sqlite3.Connection) -> int:
    """Also the number of images, since ids count up from 1 and a trigger keeps rows from being deleted."""
    return db.execute("SELECT coalesce(max(id), 0) FROM images").fetchone()[0]


def _unreadable(db: sqlite3.Connection) -> Ids:
    return integers(db, "SELECT id FROM images WHERE problem IS NOT NULL")


def _named(db: sqlite3.Connection, text: str) -> Ids:
    return integers(
        db,
        r"SELECT id FROM images WHERE coalesce(folded, path) LIKE CAST(? AS TEXT) ESCAPE '\'",
        (like_pattern(text),),
    )


def integers(db: sqlite3.Connection, sql: str, parameters: tuple[object, ...] = ()) -> Ids:
    """The single column that `sql` gives, in its order.

    SQLite joins the numbers to one text without Python's lock, so a long list neither holds up the window nor waits
    for it at every row. It keeps the order of a subquery for ``group_concat``.
    """
    text = db.execute(f"WITH found(number) AS ({sql}) SELECT group_concat(number) FROM found", parameters).fetchone()[0]
    return np.fromstring(text or "", dtype=np.int64, sep=",")
