"""What there is to filter by: tags, where labels come from, who gave them, and folders; and the tags of a selection."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from pudm_gui.project.columns import listed
from pudm_gui.project.model import Ids
from pudm_gui.project.paths import sort_key
from pudm_gui.project.project import Project
from pudm_gui.project.tags import tag_counts


@dataclass(frozen=True, slots=True)
class Facets:
    """The values that occur, each with the number of images that have it, the most frequent first."""

    tags: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    annotators: dict[str, int] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    """Every folder with an image in it or below it, relative to its root, in order."""


def facets(project: Project) -> Facets:
    """Ask for all of them; with many labels it takes some tenths of a second, so off the window's thread."""
    db = project.db
    return Facets(tag_counts(project), _given(db, "source"), _given(db, "annotator"), _folders(db))


def tag_shares(project: Project, ids: Ids) -> dict[str, int]:
    """How many of `ids` have each tag, the most frequent first."""
    rows = project.db.execute(
        """SELECT tag, count(*) FROM tags WHERE image_id IN (SELECT value FROM json_each(?))
        GROUP BY tag ORDER BY count(*) DESC, tag""",
        (listed(np.asarray(ids)),),
    )
    return dict(rows.fetchall())


def _given(db: sqlite3.Connection, column: str) -> dict[str, int]:
    """How many labels each value of a column of `actions` has given."""
    rows = db.execute(
        f"""SELECT {column}, sum(given) FROM (SELECT action_id, count(*) AS given FROM labels GROUP BY action_id)
        JOIN actions ON id = action_id GROUP BY {column} ORDER BY sum(given) DESC, {column}"""
    )
    return {value: count for value, count in rows if value}


def _folders(db: sqlite3.Connection) -> tuple[str, ...]:
    found = {path for (path,) in db.execute("SELECT path FROM folders")}
    for folder in tuple(found):
        found.update(str(parent) for parent in PurePosixPath(folder).parents)
    return tuple(sorted(found - {"", "."}, key=sort_key))
