"""Appending an action to the history, and bringing labels and tags in line with it.

The actions form a tree: `parent` is the action on top of which one was done, and `head` the last one in force
afterwards. Undo moves the head to its parent, redo to its youngest child; a revert is an action like any other, on top
of the head.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from pudm_gui.project.images import integers, label_totals
from pudm_gui.project.model import Change, ChangeKind, Label
from pudm_gui.project.paths import encode


@dataclass(frozen=True, slots=True)
class Action:
    """A row of `actions`, before it has a number and counts."""

    kind: ChangeKind
    annotator: str
    source: str
    label: Label | None
    target: int | None
    parent: int | None
    head: int
    note: str = ""


def next_action(db: sqlite3.Connection) -> int:
    return 1 + db.execute("SELECT coalesce(max(id), 0) FROM actions").fetchone()[0]


def head(db: sqlite3.Connection) -> int:
    """The last action in force, 0 for none."""
    row = db.execute("SELECT head FROM actions ORDER BY id DESC LIMIT 1").fetchone()
    return row[0] if row else 0


def undone_actions(db: sqlite3.Connection) -> set[int]:
    """Those that are taken back at present, by undo or by revert."""
    undone: set[int] = set()
    reverts: dict[int, int] = {}
    for action, kind, target in db.execute(
        "SELECT id, kind, target FROM actions INDEXED BY actions_by_target WHERE target IS NOT NULL ORDER BY id"
    ):
        if kind == "revert":
            reverts[action] = target
            undone.add(target)
        elif kind == "undo":
            undone.add(target)
            undone.discard(reverts.get(target, 0))
        else:
            undone.discard(target)
            if target in reverts:
                undone.add(reverts[target])
    return undone


def add_action(db: sqlite3.Connection, id_: int, action: Action) -> None:
    """Append `action`, whose rows of the histories are written already."""
    sensitive, normal = label_totals(db)
    more_sensitive, more_normal = db.execute(
        """SELECT coalesce(sum(new = 1) - sum(old = 1), 0), coalesce(sum(new = 2) - sum(old = 2), 0)
        FROM label_history WHERE action_id = ?""",
        (id_,),
    ).fetchone()
    count = db.execute(
        """SELECT count(*) FROM (SELECT image_id FROM label_history WHERE action_id = :action
        UNION SELECT image_id FROM tag_history WHERE action_id = :action)""",
        {"action": id_},
    ).fetchone()[0]
    db.execute(
        """INSERT INTO actions
        (id, at, kind, annotator, source, label, count, target, parent, head, sensitive, normal, note)
        VALUES (?, ?, ?, CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT))""",
        (
            id_,
            time.time(),
            action.kind,
            encode(action.annotator),
            action.source,
            action.label,
            count,
            action.target,
            action.parent,
            action.head,
            sensitive + more_sensitive,
            normal + more_normal,
            encode(action.note),
        ),
    )


def carry_out(db: sqlite3.Connection, action: int, kind: ChangeKind, label: Label | None) -> Change:
    """Bring `labels` and `tags` in line with the history rows of `action`."""
    db.execute(
        "DELETE FROM labels WHERE image_id IN (SELECT image_id FROM label_history WHERE action_id = ? AND new = 0)",
        (action,),
    )
    db.execute(
        """INSERT INTO labels (image_id, label, action_id)
        SELECT image_id, new, new_by FROM label_history WHERE action_id = ? AND new <> 0
        ON CONFLICT (image_id) DO UPDATE SET label = excluded.label, action_id = excluded.action_id""",
        (action,),
    )
    db.execute(
        """DELETE FROM tags WHERE (image_id, tag) IN (
            SELECT image_id, tag FROM tag_history WHERE action_id = ? AND added = 0
        )""",
        (action,),
    )
    db.execute(
        """INSERT OR IGNORE INTO tags (image_id, tag)
        SELECT image_id, tag FROM tag_history WHERE action_id = ? AND added = 1""",
        (action,),
    )
    ids = integers(
        db,
        f"""SELECT image_id FROM label_history WHERE action_id = {action:d}
        UNION SELECT image_id FROM tag_history WHERE action_id = {action:d}""",
    )
    return Change(ids, kind, label)
