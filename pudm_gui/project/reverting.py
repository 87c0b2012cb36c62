"""Taking back one action of the history, whatever came after it, and bringing it back.

What a label or tag is follows from the actions in force alone: the last of them that has said anything about it. So
taking one out of their number, or back in, means asking again for each image that it has touched.
"""

from __future__ import annotations

import sqlite3

from pudm_gui.project.actions import (
    Action,
    add_action,
    carry_out,
    common_label,
    given_by,
    head,
    next_action,
    undone,
)
from pudm_gui.project.model import Change
from pudm_gui.project.project import Project

_SAYING = "('label', 'tag', 'import')"
"""The kinds of action that say something of their own; the others bring back what was said before."""


def revert(project: Project, action_id: int) -> Change | None:
    """Take back one action, whatever came after it; or, where it is itself a revert, bring back what that took.

    An image that a later action labeled keeps that label; the others get what they would have without this one. None
    where that is what all have already, or the action is taken back. Undo takes the revert back.

    Raises
    ------
    KeyError
        There is no such action, or it is an undo, a redo, or brings something back.
    """
    with project.writing() as db:
        origin = _origin(db, action_id)
        if db.execute(f"SELECT {undone('?1')}", (action_id,)).fetchone()[0]:
            return None
        action = next_action(db)
        values = {"action": action, "origin": origin, "back": origin != action_id}
        labeled, tagged = (db.execute(sql, values).rowcount for sql in (_LABELS, _TAGS))
        if not labeled and not tagged:
            return None
        label = common_label(db, action)
        add_action(db, action, Action("revert", project.annotator, "hand", label, action_id, head(db), action))
        return carry_out(db, action, "revert", label)


def _origin(db: sqlite3.Connection, action_id: int) -> int:
    """The action that is taken back or brought back by reverting `action_id`."""
    kind, target, aimed = db.execute(
        """SELECT actions.kind, actions.target, aimed.kind FROM actions
        LEFT JOIN actions AS aimed ON aimed.id = actions.target WHERE actions.id = ?""",
        (action_id,),
    ).fetchone() or ("", None, None)
    if kind in ("label", "tag", "import"):
        return action_id
    if kind == "revert" and target is not None and aimed != "revert":
        return target
    raise KeyError(action_id)


# Which of the actions that concern the same images count, once this one is taken back, or brought `:back`.
_IN_FORCE = f"""in_force(id) AS MATERIALIZED (
    SELECT id FROM actions WHERE kind IN {_SAYING}
    AND id IN (SELECT other.action_id FROM touched JOIN {{history}} AS other USING (image_id))
    AND CASE id WHEN :origin THEN :back ELSE NOT {undone("actions.id")} END
)"""

# "+" has an image's own rows looked through from the last one on, instead of every action looked for among them.
_LABELS = f"""
INSERT INTO label_history (action_id, image_id, old, new, old_by, new_by)
WITH touched AS MATERIALIZED (SELECT image_id FROM label_history WHERE action_id = :origin),
{_IN_FORCE.format(history="label_history")},
images AS MATERIALIZED (
    SELECT image_id, coalesce(labels.label, 0) AS present, {given_by("touched.image_id")} AS present_by, coalesce((
        SELECT 4 * said.action_id + said.new FROM label_history AS said
        WHERE said.image_id = touched.image_id AND +said.action_id IN (SELECT id FROM in_force)
        ORDER BY said.action_id DESC LIMIT 1
    ), 0) AS said
    FROM touched LEFT JOIN labels USING (image_id)
)
SELECT :action, image_id, present, said % 4, present_by, said / 4 FROM images WHERE said / 4 <> present_by
"""

# Where nothing in force says anything about a tag, the image is as before the first action that did.
_TAGS = f"""
INSERT INTO tag_history (action_id, image_id, tag, added)
WITH touched AS MATERIALIZED (SELECT image_id, tag FROM tag_history WHERE action_id = :origin),
{_IN_FORCE.format(history="tag_history")},
tagged AS MATERIALIZED (
    SELECT image_id, tag, EXISTS (
        SELECT 1 FROM tags WHERE tags.image_id = touched.image_id AND tags.tag = touched.tag
    ) AS present, coalesce((
        SELECT said.added FROM tag_history AS said
        WHERE said.image_id = touched.image_id AND said.tag = touched.tag
        AND +said.action_id IN (SELECT id FROM in_force) ORDER BY said.action_id DESC LIMIT 1
    ), (
        SELECT 1 - said.added FROM tag_history AS said
        WHERE said.image_id = touched.image_id AND said.tag = touched.tag ORDER BY said.action_id LIMIT 1
    )) AS wanted
    FROM touched
)
SELECT :action, image_id, tag, wanted FROM tagged WHERE wanted <> present
"""
