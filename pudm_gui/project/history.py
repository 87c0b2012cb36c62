"""Reading the label history: who did what, when, to how many images, and whether it still holds."""

from __future__ import annotations

from pudm_gui.project.actions import head, images_of_action, last_action, redoable, reverting, undone
from pudm_gui.project.model import HistoryEntry, Ids, Label
from pudm_gui.project.project import Project

_COLUMNS = f"""actions.id, actions.at, actions.kind, actions.annotator, actions.source, {{label}}, actions.count,
    {undone("actions.id")}, actions.target, {{tags}}, actions.note,
    {reverting("actions.id")}, aimed.kind, aimed.label, coalesce(aimed.count, 0)"""
"""In the order of the fields of `HistoryEntry`."""
_TARGET = "LEFT JOIN actions AS aimed ON aimed.id = actions.target"
_TAGS_OF_IMAGE = """(SELECT group_concat(tag, char(10)) FROM (
    SELECT substr('-+', 1 + added, 1) || tag AS tag FROM tag_history
    WHERE action_id = actions.id AND image_id = :image ORDER BY added DESC, tag
))"""


def history(project: Project, limit: int = 200, before: int | None = None) -> list[HistoryEntry]:
    """The last actions, newest first; with `before`, those with a smaller number."""
    rows = project.db.execute(
        f"""SELECT {_COLUMNS.format(label="actions.label", tags="actions.tags")}
        FROM actions {_TARGET} WHERE actions.id < ? ORDER BY actions.id DESC LIMIT ?""",
        (before if before is not None else 1 << 62, limit),
    )
    return [_entry(row) for row in rows]


def entry(project: Project, action_id: int) -> HistoryEntry:
    """One action.

    Raises
    ------
    KeyError
        There is none with this number.
    """
    found = history(project, limit=1, before=action_id + 1)
    if not found or found[0].id != action_id:
        raise KeyError(action_id)
    return found[0]


def next_undone(project: Project) -> HistoryEntry | None:
    """The action that undo would take back."""
    action = head(project.db)
    return entry(project, action) if action else None


def next_redone(project: Project) -> HistoryEntry | None:
    """The action that redo would do again."""
    action = redoable(project.db)
    return None if action is None else entry(project, action)


def history_size(project: Project) -> int:
    """How many actions there are. They are numbered from 1 to this."""
    return last_action(project.db)


def image_history(project: Project, image_id: int) -> list[HistoryEntry]:
    """The actions that changed one image, newest first; `label` and `tags` are what that image got."""
    rows = project.db.execute(
        f"""SELECT {_COLUMNS.format(label="own.new", tags=_TAGS_OF_IMAGE)}
        FROM (
            SELECT action_id FROM label_history WHERE image_id = :image
            UNION SELECT action_id FROM tag_history WHERE image_id = :image
        ) AS done
        JOIN actions ON actions.id = done.action_id {_TARGET}
        LEFT JOIN label_history AS own ON own.action_id = actions.id AND own.image_id = :image
        ORDER BY actions.id DESC""",
        {"image": int(image_id)},
    )
    return [_entry(row) for row in rows]


def images_of(project: Project, action_id: int) -> Ids:
    """The images that an action changed, sorted."""
    return images_of_action(project.db, int(action_id))


def _entry(row: tuple) -> HistoryEntry:
    id_, at, kind, annotator, source, label, count, undone_, target, tags, *rest = row
    note, reverted_by, target_kind, target_label, target_count = rest
    return HistoryEntry(
        id=id_,
        at=at,
        kind=kind,
        annotator=annotator,
        source=source,
        label=_label(label),
        count=count,
        undone=bool(undone_),
        target=target,
        tags=tuple(tags.split("\n")) if tags else (),
        note=note,
        reverted_by=reverted_by,
        target_kind=target_kind,
        target_label=_label(target_label),
        target_count=target_count,
    )


def _label(number: int | None) -> Label | None:
    return None if number is None else Label(number)
