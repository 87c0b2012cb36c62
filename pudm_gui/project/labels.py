"""Labels and their history: what a person does is on the disk when the call returns, and can be undone.

Every action is appended to `actions`, its effect on each image to `label_history` and `tag_history`; `labels` and
`tags` are what follows from them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from pudm_gui.project.actions import Action, add_action, carry_out, common_label, given_by, head, next_action, redoable
from pudm_gui.project.columns import distinct, listed
from pudm_gui.project.model import Change, ChangeKind, Ids, Label
from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project
from pudm_gui.project.tags import Retagged, note_tags

_CHANGED = "value IN (SELECT id FROM images WHERE changed = 1)"


def set_label(project: Project, ids: Ids, label: Label, source: str = "hand") -> Change | None:
    """Give `ids` a label. It is on the disk when this returns.

    Saying the same as somebody else did is an action too (agreement is counted from it), as is settling a
    disagreement in favour of the present label, and saying that a label still holds for a file whose content has
    changed.

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
            f"""INSERT INTO label_history (action_id, image_id, old, new, old_by, new_by, changed)
            SELECT :action, value, coalesce(labels.label, 0), :label, {given_by("value")}, :action, {_CHANGED}
            FROM json_each(:ids) LEFT JOIN labels ON labels.image_id = value
            LEFT JOIN actions AS given ON given.id = labels.action_id
            WHERE coalesce(labels.label, 0) <> :label OR labels.image_id IS NOT NULL AND (
                given.annotator <> CAST(:annotator AS TEXT)
                OR :source = 'settled' AND given.source <> 'settled'
                OR {_CHANGED}
            )""",
            {
                "action": action,
                "label": label,
                "ids": listed(distinct(ids)),
                "annotator": encode(annotator),
                "source": source,
            },
        ).rowcount
    tagged = note_tags(db, action, tags) if tags is not None else False
    if not labeled and not tagged:
        return None
    common = next(iter(wanted)) if len(wanted) == 1 else None
    add_action(db, action, Action(kind, annotator, source, common, None, head(db), action, note))
    _set_changed(db, action, 0)
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
        target = redoable(db)
        return None if target is None else _replay(project, db, "redo", target, target)


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
    label = common_label(db, action)
    add_action(db, action, Action(kind, project.annotator, "hand", label, target, None, new_head))
    _set_changed(db, target, 1 if kind == "undo" else 0)
    return carry_out(db, action, kind, label)


def _set_changed(db: sqlite3.Connection, action: int, changed: int) -> None:
    """Note of the images whose content was another than when labeled, until `action`, whether it is so now."""
    db.execute(
        """UPDATE images SET changed = ? WHERE id IN (
            SELECT image_id FROM label_history WHERE action_id = ? AND changed = 1
        )""",
        (changed, action),
    )
