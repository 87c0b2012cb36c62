"""Appending an action to the history, and bringing labels and tags in line with it.

The actions form a tree: `parent` is the action on top of which one was done, and `head` the last one in force
afterwards. Undo moves the head to its parent, redo to its youngest child; a revert is an action like any other, on top
of the head. Their numbers count up from 1 without a gap.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

import numpy as np

from pudm_gui.project.columns import distinct, integers
from pudm_gui.project.images import label_totals
from pudm_gui.project.model import Change, ChangeKind, Ids, Label
from pudm_gui.project.paths import encode

TAGS_NAMED = 20
"""So many of the tags that an action changed are kept with it, to be shown."""


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
    return 1 + last_action(db)


def last_action(db: sqlite3.Connection) -> int:
    """Number of the newest action, which is how many there are."""
    return db.execute("SELECT coalesce(max(id), 0) FROM actions").fetchone()[0]


def head(db: sqlite3.Connection) -> int:
    """The last action in force, 0 for none."""
    row = db.execute("SELECT head FROM actions ORDER BY id DESC LIMIT 1").fetchone()
    return row[0] if row else 0


def redoable(db: sqlite3.Connection) -> int | None:
    """The action that redo would do again; None after a new one."""
    return db.execute("SELECT max(id) FROM actions WHERE parent = ?", (head(db),)).fetchone()[0]


def undone(action: str) -> str:
    """SQL that tells whether the action whose number is the expression `action` is taken back at present.

    It is when it was undone last, rather than redone, or when a revert of it is in force: one that was itself neither
    undone nor reverted.
    """
    return f"({_off(action)} OR {reverting(action)} IS NOT NULL)"


def reverting(action: str) -> str:
    """SQL for the number of the revert that takes back the action `action`; NULL where there is none in force."""
    return f"""(SELECT taking.id FROM actions AS taking
        WHERE taking.target = {action} AND taking.kind = 'revert' AND NOT {_off("taking.id")} AND NOT EXISTS (
            SELECT 1 FROM actions AS giving
            WHERE giving.target = taking.id AND giving.kind = 'revert' AND NOT {_off("giving.id")}
        ))"""


def _off(action: str) -> str:
    """SQL that tells whether `action` was undone, and not redone since."""
    return f"""coalesce((SELECT later.kind = 'undo' FROM actions AS later
        WHERE later.target = {action} AND later.kind IN ('undo', 'redo') ORDER BY later.id DESC LIMIT 1), 0)"""


def given_by(image: str) -> str:
    """SQL for the action that gave the present label of `image`, also where that was to take one away; 0 for none.

    The table `labels` must be joined.
    """
    return f"""coalesce(labels.action_id, (
        SELECT new_by FROM label_history AS given WHERE given.image_id = {image} ORDER BY given.action_id DESC LIMIT 1
    ), 0)"""


UNDONE_ACTIONS = f"""SELECT aimed.target FROM (SELECT DISTINCT target FROM actions WHERE target IS NOT NULL) AS aimed
    WHERE {undone("aimed.target")}"""
"""SQL that lists the actions that are taken back at present."""


def add_action(db: sqlite3.Connection, id_: int, action: Action) -> None:
    """Append `action`, whose rows of the histories are written already."""
    sensitive, normal = label_totals(db)
    count, more_sensitive, more_normal = db.execute(
        """SELECT count(*), coalesce(sum(new = 1) - sum(old = 1), 0), coalesce(sum(new = 2) - sum(old = 2), 0)
        FROM label_history WHERE action_id = ?""",
        (id_,),
    ).fetchone()
    count += db.execute(
        """SELECT count(DISTINCT image_id) FROM tag_history WHERE action_id = ?1
        AND image_id NOT IN (SELECT image_id FROM label_history WHERE action_id = ?1)""",
        (id_,),
    ).fetchone()[0]
    tags = db.execute(
        """SELECT DISTINCT substr('-+', 1 + added, 1) || tag FROM tag_history WHERE action_id = ?
        ORDER BY added DESC, tag LIMIT ?""",
        (id_, TAGS_NAMED),
    )
    db.execute(
        """INSERT INTO actions
        (id, at, kind, annotator, source, label, count, target, parent, head, sensitive, normal, note, tags)
        VALUES (?, ?, ?, CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT))""",
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
            encode("\n".join(tag for (tag,) in tags)),
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
    return Change(images_of_action(db, action), kind, label)


def common_label(db: sqlite3.Connection, action: int) -> Label | None:
    """The label that all images got by `action`; None where they differ, or there is none."""
    low, high = db.execute("SELECT min(new), max(new) FROM label_history WHERE action_id = ?", (action,)).fetchone()
    return Label(low) if low is not None and low == high else None


def images_of_action(db: sqlite3.Connection, action: int) -> Ids:
    """The images that `action` changed, sorted."""
    labeled, tagged = (
        integers(db, f"SELECT DISTINCT image_id FROM {table} WHERE action_id = ?", (action,))
        for table in ("label_history", "tag_history")
    )
    return distinct(np.concatenate([labeled, tagged])) if len(tagged) else labeled
