"""Labeling, and the history that undo and redo are read from.

Every change is one row of `actions` with one row of `label_history` for each image whose label it changed. Rows are
only ever added: undo and redo are actions too. See `schema` for how they find their way.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pudm_gui.project.images import integers, label_totals
from pudm_gui.project.model import Change, ChangeKind, HistoryEntry, Ids, Label
from pudm_gui.project.project import Project

_HISTORY = """SELECT id, at, kind, annotator, source, label, count, kind IN ('label', 'import') AND 'undo' = (
    SELECT kind FROM actions AS later WHERE later.target = actions.id ORDER BY later.id DESC LIMIT 1
) FROM actions"""


@dataclass(frozen=True, slots=True)
class _Action:
    kind: ChangeKind
    source: str
    label: Label | None
    target: int | None
    parent: int | None
    head: int


def set_label(project: Project, ids: Ids, label: Label, source: str = "hand") -> Change | None:
    """Give `ids` a label. It is on the disk when this returns.

    Returns
    -------
    What changed, or None where every image had the label already.
    """
    with project.writing() as db:
        return apply_labels(project, db, {label: ids}, kind="label", source=source)


def apply_labels(
    project: Project, db: sqlite3.Connection, wanted: Mapping[Label, Ids], *, kind: ChangeKind, source: str
) -> Change | None:
    """Inside a transaction that is under way, give each label of `wanted` to its images, as one action.

    No image may be under two labels.
    """
    action, count = _next_action(db), 0
    for label, ids in wanted.items():
        count += db.execute(
            """INSERT INTO label_history (action_id, image_id, old, new)
            SELECT ?, value, coalesce(label, 0), ? FROM json_each(?) LEFT JOIN labels ON image_id = value
            WHERE coalesce(label, 0) <> ?""",
            (action, label, str(np.unique(ids).tolist()), label),
        ).rowcount
    if not count:
        return None
    common = next(iter(wanted)) if len(wanted) == 1 else None
    _add_action(project, db, _Action(kind, source, common, None, _head(db), action), action, count)
    return _carry_out(db, action, kind, common)


def undo(project: Project) -> Change | None:
    """Take back the last action in force; None where there is none."""
    with project.writing() as db:
        target = _head(db)
        if not target:
            return None
        parent = db.execute("SELECT parent FROM actions WHERE id = ?", (target,)).fetchone()[0]
        return _replay(project, db, "undo", target, parent, "new", "old")


def redo(project: Project) -> Change | None:
    """Do again what was undone last; None where there is nothing, as after a new label."""
    with project.writing() as db:
        target = _redoable(db)
        if target is None:
            return None
        return _replay(project, db, "redo", target, target, "old", "new")


def can_undo(project: Project) -> bool:
    return _head(project.db) != 0


def can_redo(project: Project) -> bool:
    return _redoable(project.db) is not None


def history(project: Project, limit: int = 200) -> list[HistoryEntry]:
    """The last actions, newest first."""
    return [_entry(row) for row in project.db.execute(f"{_HISTORY} ORDER BY id DESC LIMIT ?", (limit,))]


def image_history(project: Project, image_id: int) -> list[HistoryEntry]:
    """The actions that changed one image, newest first; `label` is what that image got."""
    rows = project.db.execute(
        f"""SELECT done.*, new FROM label_history JOIN ({_HISTORY}) AS done ON done.id = action_id
        WHERE image_id = ? ORDER BY action_id DESC""",
        (int(image_id),),
    )
    return [_entry((*row[:5], row[-1], *row[6:8])) for row in rows]


def _entry(row: tuple) -> HistoryEntry:
    id_, at, kind, annotator, source, label, count, undone = row
    return HistoryEntry(
        id_, at, kind, annotator, source, None if label is None else Label(label), count, undone=bool(undone)
    )


def _head(db: sqlite3.Connection) -> int:
    """The last action in force, 0 for none."""
    row = db.execute("SELECT head FROM actions ORDER BY id DESC LIMIT 1").fetchone()
    return row[0] if row else 0


def _redoable(db: sqlite3.Connection) -> int | None:
    return db.execute("SELECT max(id) FROM actions WHERE parent = ?", (_head(db),)).fetchone()[0]


def _replay(
    project: Project, db: sqlite3.Connection, kind: ChangeKind, target: int, head: int, old: str, new: str
) -> Change:
    """Act on the images of `target` again, with its columns `old` and `new` in these roles."""
    action = _next_action(db)
    count = db.execute(
        f"""INSERT INTO label_history (action_id, image_id, old, new)
        SELECT ?, image_id, {old}, {new} FROM label_history WHERE action_id = ?""",
        (action, target),
    ).rowcount
    low, high = db.execute("SELECT min(new), max(new) FROM label_history WHERE action_id = ?", (action,)).fetchone()
    label = Label(low) if low == high else None
    _add_action(project, db, _Action(kind, "hand", label, target, None, head), action, count)
    return _carry_out(db, action, kind, label)


def _next_action(db: sqlite3.Connection) -> int:
    return 1 + db.execute("SELECT coalesce(max(id), 0) FROM actions").fetchone()[0]


def _add_action(project: Project, db: sqlite3.Connection, action: _Action, id_: int, count: int) -> None:
    sensitive, normal = label_totals(db)
    more_sensitive, more_normal = db.execute(
        """SELECT sum(new = 1) - sum(old = 1), sum(new = 2) - sum(old = 2)
        FROM label_history WHERE action_id = ?""",
        (id_,),
    ).fetchone()
    db.execute(
        """INSERT INTO actions (id, at, kind, annotator, source, label, count, target, parent, head, sensitive, normal)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            id_,
            time.time(),
            action.kind,
            project.annotator,
            action.source,
            action.label,
            count,
            action.target,
            action.parent,
            action.head,
            sensitive + more_sensitive,
            normal + more_normal,
        ),
    )


def _carry_out(db: sqlite3.Connection, action: int, kind: ChangeKind, label: Label | None) -> Change:
    """Bring `labels` in line with the history rows of `action`."""
    db.execute(
        "DELETE FROM labels WHERE image_id IN (SELECT image_id FROM label_history WHERE action_id = ? AND new = 0)",
        (action,),
    )
    db.execute(
        """INSERT INTO labels (image_id, label) SELECT image_id, new FROM label_history WHERE action_id = ? AND new <> 0
        ON CONFLICT (image_id) DO UPDATE SET label = excluded.label""",
        (action,),
    )
    return Change(integers(db, "SELECT image_id FROM label_history WHERE action_id = ?", (action,)), kind, label)
