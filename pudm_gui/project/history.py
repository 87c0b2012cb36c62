"""Reading the label history: who did what, when, to how many images, and whether it still holds."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from pudm_gui.project.actions import undone_actions
from pudm_gui.project.images import integers
from pudm_gui.project.model import HistoryEntry, Ids, Label
from pudm_gui.project.project import Project

_COLUMNS = "id, at, kind, annotator, source, label, count, target, note"


def history(project: Project, limit: int = 200, before: int | None = None) -> list[HistoryEntry]:
    """The last actions, newest first; with `before`, those with a smaller number."""
    db = project.db
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM actions WHERE id < ? ORDER BY id DESC LIMIT ?", (before or 1 << 62, limit)
    ).fetchall()
    return _entries(db, rows)


def image_history(project: Project, image_id: int) -> list[HistoryEntry]:
    """The actions that changed one image, newest first; `label` is what that image got."""
    db = project.db
    rows = db.execute(
        """SELECT id, at, kind, annotator, source, new, count, target, note
        FROM (SELECT action_id FROM label_history WHERE image_id = :image
            UNION SELECT action_id FROM tag_history WHERE image_id = :image) AS done
        JOIN actions ON id = done.action_id
        LEFT JOIN label_history ON label_history.action_id = id AND label_history.image_id = :image
        ORDER BY id DESC""",
        {"image": int(image_id)},
    ).fetchall()
    return _entries(db, rows, int(image_id))


def images_of(project: Project, action_id: int) -> Ids:
    """The images that an action changed."""
    return integers(
        project.db,
        f"""SELECT image_id FROM label_history WHERE action_id = {int(action_id)}
        UNION SELECT image_id FROM tag_history WHERE action_id = {int(action_id)}""",
    )


def _entries(db: sqlite3.Connection, rows: Iterable[tuple], image_id: int | None = None) -> list[HistoryEntry]:
    rows = list(rows)
    if not rows:
        return []
    undone = undone_actions(db)
    tags = _tags(db, [row[0] for row in rows], image_id)
    return [
        HistoryEntry(
            id_,
            at,
            kind,
            annotator,
            source,
            None if label is None else Label(label),
            count,
            undone=id_ in undone and kind not in ("undo", "redo"),
            target=target,
            tags=tuple(tags.get(id_, ())),
            note=note,
        )
        for id_, at, kind, annotator, source, label, count, target, note in rows
    ]


def _tags(db: sqlite3.Connection, actions: list[int], image_id: int | None) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    one = "" if image_id is None else f"AND image_id = {image_id:d}"
    for action, tag, added in db.execute(
        f"""SELECT DISTINCT action_id, tag, added FROM tag_history
        WHERE action_id IN (SELECT value FROM json_each(?)) {one} ORDER BY action_id, tag""",
        (str(actions),),
    ):
        found[action].append(f"{'+' if added else '-'}{tag}")
    return found
