"""Laying out a project's file, and bringing one of an older format up to date.

``PRAGMA user_version`` counts the migrations that were applied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from pudm_gui.project.connection import connect
from pudm_gui.project.migrations import MIGRATIONS
from training.errors import UserError

APPLICATION_ID = 0x5055444D
"""Marks the SQLite file as a project: "PUDM"."""
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
    db.execute("PRAGMA foreign_keys = OFF")  # as SQLite asks for where a table that others refer to is made anew
    try:
        with tables.atomic():
            for step in steps:
                step(tables)
            if broken := db.execute("PRAGMA foreign_key_check").fetchone():
                raise sqlite3.IntegrityError(f"bringing the project up to date broke a reference: {broken}")
            db.execute(f"PRAGMA user_version = {VERSION}")
    finally:
        db.execute("PRAGMA foreign_keys = ON")


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
