"""The tables, as a chain of migrations: a new project walks the whole chain, an old one the rest of it.

A released migration is never edited. ``PRAGMA user_version`` counts those that were applied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from pudm_gui.project.connection import connect
from pudm_gui.project.paths import folded, sort_key
from training.errors import UserError

APPLICATION_ID = 0x5055444D
"""Marks the SQLite file as a project: "PUDM"."""


def _v1_first_release(db: Database) -> None:
    db.table("roots").create({"id": int, "path": str}, pk="id", not_null={"path"})
    db.execute(
        """CREATE TABLE images (
            id INTEGER PRIMARY KEY,
            root_id INTEGER NOT NULL REFERENCES roots(id),
            path TEXT NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            state INTEGER NOT NULL DEFAULT 0,  -- 0: not inspected since it changed, 1: inspected, 2: gone from the disk
            width INTEGER NOT NULL DEFAULT 0,
            height INTEGER NOT NULL DEFAULT 0,
            format TEXT NOT NULL DEFAULT '',
            sha256 TEXT NOT NULL DEFAULT '',
            problem TEXT,
            UNIQUE (root_id, path)
        )"""
    )
    db.execute("CREATE INDEX images_to_inspect ON images(id) WHERE state = 0")
    db.execute("CREATE INDEX images_with_problem ON images(id) WHERE problem IS NOT NULL")
    db.execute(
        """CREATE TABLE labels (
            image_id INTEGER PRIMARY KEY REFERENCES images(id),
            label INTEGER NOT NULL CHECK (label IN (1, 2))
        )"""
    )
    # The actions form a tree: `parent` is the action on top of which one was done, 0 for none, and `head` is the
    # last one in force afterwards. Undo moves the head to its parent, redo to its youngest child.
    db.execute(
        """CREATE TABLE actions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('label', 'import', 'undo', 'redo')),
            annotator TEXT NOT NULL,
            source TEXT NOT NULL,
            label INTEGER,
            count INTEGER NOT NULL,
            target INTEGER REFERENCES actions(id),
            parent INTEGER,
            head INTEGER NOT NULL,
            sensitive INTEGER NOT NULL,  -- images with this label afterwards, so that counting is looking at one row
            normal INTEGER NOT NULL
        )"""
    )
    db.execute("CREATE INDEX actions_by_target ON actions(target, id) WHERE target IS NOT NULL")
    db.execute("CREATE INDEX actions_by_parent ON actions(parent, id) WHERE parent IS NOT NULL")
    db.execute(
        """CREATE TABLE label_history (
            action_id INTEGER NOT NULL REFERENCES actions(id) DEFERRABLE INITIALLY DEFERRED,
            image_id INTEGER NOT NULL,
            old INTEGER NOT NULL,
            new INTEGER NOT NULL,
            PRIMARY KEY (action_id, image_id)
        ) WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX label_history_by_image ON label_history(image_id, action_id)")
    for table in ("actions", "label_history"):
        for verb in ("UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END"
            )
    db.execute(
        "CREATE TRIGGER images_no_delete BEFORE DELETE ON images "
        "BEGIN SELECT RAISE(ABORT, 'images stay, with their labels and history'); END"
    )
    db.execute(
        """CREATE TABLE tags (
            image_id INTEGER NOT NULL REFERENCES images(id),
            tag TEXT NOT NULL,
            PRIMARY KEY (image_id, tag)
        ) WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            folder TEXT NOT NULL,
            created REAL NOT NULL,
            objective TEXT NOT NULL,
            beta REAL NOT NULL,
            unlabeled INTEGER NOT NULL,
            sensitive INTEGER NOT NULL,
            normal INTEGER NOT NULL
        )"""
    )


def _v2_natural_order(db: Database) -> None:
    """Images sort as people count, and are found whatever the case of accented letters."""
    images = db.table("images")
    images.add_column("sort_key", "BLOB", not_null_default="")
    images.add_column("folded", str)
    rows = db.execute("SELECT id, path FROM images").fetchall()
    db.conn.executemany(
        "UPDATE images SET sort_key = ?, folded = CAST(? AS TEXT) WHERE id = ?",
        ((sort_key(path), folded(path), id_) for id_, path in rows),
    )
    images.create_index(["root_id", "sort_key"], index_name="images_in_order")


MIGRATIONS: tuple[Callable[[Database], None], ...] = (_v1_first_release, _v2_natural_order)
VERSION = len(MIGRATIONS)


def version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]


def create(db: sqlite3.Connection) -> None:
    """Lay out an empty file."""
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _apply(db, MIGRATIONS)


def check(db: sqlite3.Connection, folder: Path) -> None:
    """Refuse what is no project, or one that this program is too old for.

    Raises
    ------
    UserError
    """
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise UserError(f"{folder} is not a project of PU-DM Studio; choose a folder whose name ends in .pudm.")
    if version(db) > VERSION:
        raise UserError(
            f"{folder} was written by a newer version of PU-DM Studio (format {version(db)}, this program reads up "
            f"to {VERSION}); update the program and open it again."
        )


def migrate(db: sqlite3.Connection, file: Path) -> None:
    """Bring an older project up to date, all or nothing, after copying it to a backup beside it."""
    before = version(db)
    if before == VERSION:
        return
    backup = file.with_name(f"{file.stem}-format-{before}.backup")
    backup.touch(mode=0o600)
    with closing(sqlite3.connect(backup)) as copy:
        db.backup(copy)
    _apply(db, MIGRATIONS[before:])


def _apply(db: sqlite3.Connection, steps: tuple[Callable[[Database], None], ...]) -> None:
    tables = Database(db, execute_plugins=False)
    with tables.atomic():
        for step in steps:
            step(tables)
        db.execute(f"PRAGMA user_version = {VERSION}")


def reopened(file: Path) -> sqlite3.Connection:
    """A connection to a file that exists already, checked and brought up to date."""
    db = connect(file)
    try:
        check(db, file.parent)
        migrate(db, file)
    except BaseException:
        db.close()
        raise
    return db
