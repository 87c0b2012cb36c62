"""Saved views: filters that were given a name, kept with the project."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project
from training.errors import UserError


@dataclass(frozen=True, slots=True)
class SavedView:
    """A name and the filter as text."""

    name: str
    query: str


def list_views(project: Project) -> list[SavedView]:
    """All of them, by name."""
    rows = project.db.execute("SELECT name, query FROM saved_views").fetchall()
    return sorted((SavedView(*row) for row in rows), key=lambda view: (view.name.casefold(), view.name))


def save_view(project: Project, name: str, query: str) -> SavedView:
    """Keep `query` under a name, in the place of what had that name.

    Raises
    ------
    UserError
        The name is empty, or the project may not be changed.
    """
    view = SavedView(_clean(name), query)
    with project.writing() as db:
        _insert(db, view)
    return view


def rename_view(project: Project, old: str, new: str) -> SavedView:
    """Give a view another name.

    Raises
    ------
    UserError
        Another view has the name, the name is empty, or the project may not be changed.
    KeyError
        No view is called `old`.
    """
    new = _clean(new)
    with project.writing() as db:
        row = db.execute("SELECT query FROM saved_views WHERE name = CAST(? AS TEXT)", (encode(old),)).fetchone()
        if row is None:
            raise KeyError(old)
        taken = db.execute("SELECT 1 FROM saved_views WHERE name = CAST(? AS TEXT)", (encode(new),)).fetchone()
        if new != old and taken:
            raise UserError(f"There is already a view called {new}; choose another name.")
        db.execute("DELETE FROM saved_views WHERE name = CAST(? AS TEXT)", (encode(old),))
        _insert(db, SavedView(new, row[0]))
    return SavedView(new, row[0])


def delete_view(project: Project, name: str) -> None:
    """Forget a view; nothing happens where there is none of that name.

    Raises
    ------
    UserError
        The project may not be changed.
    """
    with project.writing() as db:
        db.execute("DELETE FROM saved_views WHERE name = CAST(? AS TEXT)", (encode(name),))


def _insert(db: sqlite3.Connection, view: SavedView) -> None:
    db.execute(
        """INSERT INTO saved_views (name, query) VALUES (CAST(? AS TEXT), CAST(? AS TEXT))
        ON CONFLICT (name) DO UPDATE SET query = excluded.query""",
        (encode(view.name), encode(view.query)),
    )


def _clean(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise UserError("A view needs a name; type one.")
    return name
