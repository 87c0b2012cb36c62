"""A project folder: opening, locking and closing it, and who may write to it."""

from __future__ import annotations

import getpass
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from pudm_gui.project import schema
from pudm_gui.project.connection import connect, explained
from training.errors import UserError

DATABASE = "project.sqlite"
LOCK = ".lock"
SUFFIX = ".pudm"


class ProjectBusyError(UserError):
    """Another window or command has the project open for writing."""


class _Own:
    """A thread's connection, closed when the thread ends.

    SQLite's connections refer to themselves, so left alone they keep their files and up to 32 MB until Python looks for
    circles of objects.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def __del__(self) -> None:
        self.db.close()


class Project:
    """An open project. Made by `create` and `open`; closed by `close` or by leaving its ``with`` block.

    Any thread may call the functions of this package with it: each gets a connection of its own. The lock on the folder
    ends with the process, however that ends.
    """

    def __init__(self, path: Path, lock: FileLock | None, annotator: str, db: sqlite3.Connection) -> None:
        self.path = path
        self.annotator = annotator
        """Who labels; written into the history."""
        self._lock = lock
        self._writer = threading.Lock()
        self._local = threading.local()
        self._local.own = _Own(db)
        self._closed = False

    @classmethod
    def create(cls, path: Path, annotator: str | None = None) -> Project:
        """Make a new project folder, private to this user, and open it.

        Raises
        ------
        UserError
            `path` exists and is not an empty folder, or cannot be written.
        """
        path = Path(path).absolute()
        if path.suffix != SUFFIX:
            raise UserError(f"{path.name} is no name for a project; end it in {SUFFIX}, such as {path.name}{SUFFIX}.")
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UserError(f"{path} already exists; open it, or choose another name.")
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
            for folder in ("runs", "exports", "features"):
                (path / folder).mkdir(mode=0o700)
            (path / DATABASE).touch(mode=0o600)  # SQLite gives its -wal and -shm files the same mode
        except OSError as error:
            raise UserError(f"{path} cannot be created ({error.strerror}); choose another place.") from error
        lock = _locked(path)
        try:
            with explained(path / DATABASE):
                db = connect(path / DATABASE)
                schema.create(db)
        except BaseException:
            lock.release()
            raise
        return cls(path, lock, annotator or _user(), db)

    @classmethod
    def open(cls, path: Path, read_only: bool = False, annotator: str | None = None) -> Project:
        """Open an existing project, bringing one of an older version up to date.

        Raises
        ------
        ProjectBusyError
            Another window or command writes to it, and `read_only` is false.
        UserError
            It is missing, damaged, no project, or from a newer version.
        """
        path = Path(path).absolute()
        file = path / DATABASE
        if not file.is_file():
            raise UserError(
                f"{path} is not a project: it has no {DATABASE}; choose a folder whose name ends in {SUFFIX}."
            )
        lock = None if read_only else _locked(path)
        try:
            with explained(file):
                db = _opened_read_only(file) if read_only else schema.reopened(file)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(path, lock, annotator or _user(), db)

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def read_only(self) -> bool:
        return self._lock is None

    @property
    def db(self) -> sqlite3.Connection:
        """The connection of the calling thread, opened on first use and closed when the thread ends.

        Raises
        ------
        UserError
            The project is closed.
        """
        own: _Own | None = None if self._closed else getattr(self._local, "own", None)
        if own is None:
            own = self._local.own = _Own(self.connect())
        return own.db

    def connect(self) -> sqlite3.Connection:
        """Another connection, for use by one thread, which closes it."""
        if self._closed:
            raise UserError(f"The project {self.name} is closed; open it again.")
        with explained(self.path / DATABASE):
            return connect(self.path / DATABASE, read_only=self.read_only)

    @contextmanager
    def writing(self, db: sqlite3.Connection | None = None) -> Iterator[sqlite3.Connection]:
        """One transaction on `db`, or on the calling thread's connection.

        It is on the disk when the block ends, and undone if the block fails.
        Threads take turns here rather than in SQLite, whose waiting sleeps for longer than the transactions last.

        Raises
        ------
        UserError
            The project is open read-only, or the disk is full.
        """
        if self.read_only:
            raise UserError(
                f"The project {self.name} is open read-only, so nothing can be changed; close the other window that "
                "has it and open it again."
            )
        db = db or self.db
        with explained(self.path / DATABASE), self._writer:
            if self._closed:
                raise UserError(f"The project {self.name} is closed; open it again.")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # some errors, such as a full disk, have rolled back already
                    db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Refuse further use, and give the lock back. Closing twice does nothing."""
        if self._closed:
            return
        with self._writer:  # a label that another thread is writing is let through
            self._closed = True
        # Those of other threads are theirs to close: SQLite crashes where one is closed in the midst of a query.
        own: _Own | None = getattr(self._local, "own", None)
        if own is not None:
            own.db.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _locked(path: Path) -> FileLock:
    lock = FileLock(path / LOCK, timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise ProjectBusyError(
            f"The project {path.stem} is already open in another window or command; close it there, or open it "
            "read-only."
        ) from None
    except OSError as error:
        raise UserError(f"{path} may not be written by this user ({error.strerror}); open it read-only.") from error
    return lock


def _opened_read_only(file: Path) -> sqlite3.Connection:
    db = connect(file, read_only=True)
    try:
        schema.check(db, file.parent)
        if schema.version(db) < schema.VERSION:
            raise UserError(
                f"{file.parent} comes from an older version of PU-DM Studio and must be brought up to date; close "
                "other windows that have it and open it for writing once."
            )
    except BaseException:
        db.close()
        raise
    return db


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user in the password file, as in some containers
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
