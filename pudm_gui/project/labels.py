"""Labels and their history: what a person does is on the disk when the call returns, and can be undone.

Every action is appended to `actions`, its effect on each image to `label_history` and `tag_history`; `labels` and
`tags` are what follows from them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import numpy as np

from pudm_gui.project.actions import Action, add_action, carry_out, head, next_action, undone_actions
from pudm_gui.project.model import Change, ChangeKind, Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.project.tags import Retagged, note_tags

_GIVEN_BY = """coalesce(labels.action_id, (
    SELECT new_by FROM label_history WHERE label_history.image_id = value ORDER BY action_id DESC LIMIT 1
), 0)"""
"""The action that gave the present label, also where that was to take one away."""


def set_label(project: Project, ids: Ids, label: Label, source: str = "hand") -> Change | None:
    """Give `ids` a label. It is on the disk when this returns.

    Saying the same as somebody else did is an action too (agreement is counted from it), as is saying that a label
    still holds for a file whose content has changed.

    Returns
    -------
    What changed, or None where every image had the label already.
    """
    with project.writing() as db:
        return apply_labels(project, db, {label: ids}, kind="label", source=source)


def apply_labels(
    project: Project,
    db: sqlite3.Connection,
    wanted: Mapping[Label, Ids],
    *,
    kind: ChangeKind,
    source: str,
    annotator: str | None = None,
    tags: Retagged | None = None,
    note: str = "",
) -> Change | None:
    """Inside a transaction that is under way, give each label of `wanted` to its images, as one action.

    No image may be under two labels. `tags` are put on and taken off in the same action.
    """
    action, annotator = next_action(db), annotator or project.annotator
    labeled = 0
    for label, ids in wanted.items():
        labeled += db.execute(
            f"""INSERT INTO label_history (action_id, image_id, old, new, old_by, new_by)
            SELECT ?, value, coalesce(labels.label, 0), ?, {_GIVEN_BY}, ?
            FROM json_each(?) LEFT JOIN labels ON labels.image_id = value
            WHERE coalesce(labels.label, 0) <> ? OR labels.image_id IS NOT NULL AND (
                (SELECT annotator FROM actions WHERE id = labels.action_id) <> CAST(? AS TEXT)
                OR (SELECT changed FROM images WHERE images.id = value)
            )""",
            (action, label, action, str(np.unique(ids).tolist()), label, annotator),
        ).rowcount
    tagged = note_tags(db, action, tags) if tags is not None else False
    if not labeled and not tagged:
        return None
    common = next(iter(wanted)) if len(wanted) == 1 else None
    add_action(db, action, Action(kind, annotator, source, common, None, head(db), action, note))
    db.execute(
        """UPDATE images SET changed = 0 WHERE changed = 1
        AND id IN (SELECT image_id FROM label_history WHERE action_id = ?)""",
        (action,),
    )
    return carry_out(db, action, kind, common)


def undo(project: Project) -> Change | None:
    """Take back the last action in force; None where there is none."""
    with project.writing() as db:
        target = head(db)
        if not target:
            return None
        parent = db.execute("SELECT parent FROM actions WHERE id = ?", (target,)).fetchone()[0]
        return _replay(project, db, "undo", target, parent)


def redo(project: Project) -> Change | None:
    """Do again what was undone last; None where there is nothing, as after a new label."""
    with project.writing() as db:
        target = _redoable(db)
        return None if target is None else _replay(project, db, "redo", target, target)


def revert(project: Project, action_id: int) -> Change | None:
    """Take back one action, whatever came after it.

    An image that a later action labeled keeps that label; the others get what they would have without this one. None
    where nothing is left of it. Undo takes the revert back.

    Raises
    ------
    KeyError
        There is no such action, or it is one of undo, redo and revert.
    """
    with project.writing() as db:
        row = db.execute("SELECT kind FROM actions WHERE id = ?", (action_id,)).fetchone()
        if row is None or row[0] not in ("label", "tag", "import"):
            raise KeyError(action_id)
        undone = undone_actions(db)
        if action_id in undone:
            return None
        undone.add(action_id)
        action = next_action(db)
        _revert_labels(db, action, action_id, undone)
        # A tag that was put on and taken off again since, or the reverse, stays as it is.
        db.execute(
            """INSERT INTO tag_history (action_id, image_id, tag, added)
            SELECT ?, done.image_id, done.tag, 1 - done.added FROM tag_history AS done
            WHERE action_id = ? AND done.added = EXISTS (
                SELECT 1 FROM tags WHERE tags.image_id = done.image_id AND tags.tag = done.tag
            )""",
            (action, action_id),
        )
        low, high = db.execute("SELECT min(new), max(new) FROM label_history WHERE action_id = ?", (action,)).fetchone()
        touched = low is not None or db.execute("SELECT 1 FROM tag_history WHERE action_id = ?", (action,)).fetchone()
        if not touched:
            return None
        label = Label(low) if low is not None and low == high else None
        add_action(db, action, Action("revert", project.annotator, "hand", label, action_id, head(db), action))
        return carry_out(db, action, "revert", label)


def can_undo(project: Project) -> bool:
    return head(project.db) != 0


def can_redo(project: Project) -> bool:
    return _redoable(project.db) is not None


def _revert_labels(db: sqlite3.Connection, action: int, target: int, undone: set[int]) -> None:
    """Write the rows of the revert `action`, for images whose label `target` has given."""
    rows = db.execute(
        """SELECT image_id, new, new_by, old, old_by FROM label_history AS done WHERE action_id = ? AND new_by = (
            SELECT new_by FROM label_history AS last WHERE last.image_id = done.image_id
            ORDER BY last.action_id DESC LIMIT 1
        )""",
        (target,),
    ).fetchall()
    written = []
    for image_id, present, present_by, earlier, by in rows:
        while by in undone:  # what it had before was taken back too
            earlier, by = db.execute(
                "SELECT old, old_by FROM label_history WHERE action_id = ? AND image_id = ?", (by, image_id)
            ).fetchone()
        written.append((action, image_id, present, earlier, present_by, by))
    db.executemany(
        "INSERT INTO label_history (action_id, image_id, old, new, old_by, new_by) VALUES (?, ?, ?, ?, ?, ?)", written
    )


def _redoable(db: sqlite3.Connection) -> int | None:
    return db.execute("SELECT max(id) FROM actions WHERE parent = ?", (head(db),)).fetchone()[0]


def _replay(project: Project, db: sqlite3.Connection, kind: ChangeKind, target: int, new_head: int) -> Change:
    """Act on the images of `target` again: backwards for undo, forwards for redo."""
    action = next_action(db)
    columns = "new, old, new_by, old_by" if kind == "undo" else "old, new, old_by, new_by"
    added = "1 - added" if kind == "undo" else "added"
    db.execute(
        f"""INSERT INTO label_history (action_id, image_id, old, new, old_by, new_by)
        SELECT ?, image_id, {columns} FROM label_history WHERE action_id = ?""",
        (action, target),
    )
    db.execute(
        f"""INSERT INTO tag_history (action_id, image_id, tag, added)
        SELECT ?, image_id, tag, {added} FROM tag_history WHERE action_id = ?""",
        (action, target),
    )
    low, high = db.execute("SELECT min(new), max(new) FROM label_history WHERE action_id = ?", (action,)).fetchone()
    label = Label(low) if low is not None and low == high else None
    add_action(db, action, Action(kind, project.annotator, "hand", label, target, None, new_head))
    return carry_out(db, action, kind, label)
