"""Opening the SQLite file, and what its errors mean in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pudm_gui.project.paths import decode
from training.errors import UserError

BUSY_SECONDS = 10.0
_OPENING = (
    "PRAGMA trusted_schema = OFF",  # a project may come from a stranger
    "PRAGMA cell_size_check = ON",
    "PRAGMA recursive_triggers = ON",  # REPLACE must not slip past the triggers that guard the history
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32000",
    "PRAGMA wal_autocheckpoint = 4000",  # pages, 16 MB: a scan empties the log before the window would have to
)


class Connection(sqlite3.Connection):
    """One that closes with the thread that it belonged to."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it never opened
            self.close()


def connect(file: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open `file`, which must exist, in autocommit mode: transactions are begun by hand.

    Commits return when they are on the disk (WAL with ``synchronous = FULL``).
    """
    if not read_only:
        db = _connect(os.fspath(file))
        db.execute("PRAGMA synchronous = FULL")
        return db
    uri = file.absolute().as_uri()
    try:
        return _connect(f"{uri}?mode=ro")
    except sqlite3.OperationalError:
        # SQLite cannot read a WAL database beside which it may not create files, unless told that nobody writes.
        if file.with_name(f"{file.name}-wal").exists():
            raise
        return _connect(f"{uri}?immutable=1")


def _connect(name: str) -> sqlite3.Connection:
    # Used by one thread alone, and never at the same time by that which collects it as garbage.
    db = sqlite3.connect(
        name,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=Connection,
        uri=name.startswith("file:"),
    )
    db.text_factory = decode
    try:
        for pragma in _OPENING:
            db.execute(pragma)
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turn the errors of SQLite that a person can do something about into sentences."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if (sentence := _sentence(error, file)) is None:
            raise
        raise UserError(sentence) from error


def _sentence(error: sqlite3.DatabaseError, file: Path) -> str | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended code's lower byte is the primary one
    where = file.parent
    if code == sqlite3.SQLITE_FULL:
        return f"The disk that holds {where} is full, so the change was not saved; free some space and repeat it."
    if code == sqlite3.SQLITE_IOERR:
        return f"The disk that holds {where} reports an error ({error}); check the disk and open the project again."
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"{file} is damaged or is no project file ({error}); restore it from a copy."
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"{where} may not be written by this user; change its permissions, or open it read-only."
    if code == sqlite3.SQLITE_BUSY:
        return f"Another program holds {file} and does not let go; close it and repeat the change."
    return None
