"""A cache of thumbnails on the disk. Losing it loses nothing but time."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pudm_gui.project.paths import encode

DATABASE = "thumbnails.sqlite"
LIMIT_BYTES = 2_000_000_000
EVICT_TO = 0.9
"""Share of the limit that is left after an eviction, so that the next one is not needed at once."""
EVICTED_AT_ONCE = 1000
KEPT_FREE = 5_000_000_000
"""Bytes of the disk that are left to others where the cache is allowed to grow."""
TOUCHES_HELD = 256
"""Uses that are remembered in memory before they are written."""

logger = logging.getLogger(__name__)


class ThumbnailCache:
    """Encoded thumbnails by key; those unused for longest go first. Every method may be called from any thread.

    The key names a content: its SHA-256, or ``f"{path}|{size}|{mtime}"`` while that is unknown. A cache that cannot be
    read or written, such as on a full disk, behaves like an empty one.

    Parameters
    ----------
    folder
        Where ``thumbnails.sqlite`` lies: the project's folder. It is opened at the first use, which is for a thread:
        adding up the sizes of a million thumbnails takes a moment.
    limit_bytes
        How much the thumbnails may take together, unless `grow` has allowed more.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._file = Path(folder) / DATABASE
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._touched: dict[bytes, float] = {}
        self._db: sqlite3.Connection | None = None
        self._total = 0
        self._opened = False

    def get(self, key: str) -> bytes | None:
        name = encode(key)
        with self._lock:
            row = self._try("SELECT data FROM thumbnails WHERE key = ?", (name,))
            if row is None:
                return None
            self._touched[name] = time.time()
            if len(self._touched) >= TOUCHES_HELD:
                self._guarded(self._write_touches)
            return bytes(row[0])

    def has(self, key: str) -> bool:
        """Whether there is a thumbnail; asking is not using it."""
        with self._lock:
            return self._try("SELECT 1 FROM thumbnails WHERE key = ?", (encode(key),)) is not None

    def room(self) -> int:
        """Bytes that can be added before the oldest ones have to go."""
        with self._lock:
            self._guarded(lambda _: None)
            return self._limit - self._total

    def grow(self, by_bytes: int) -> bool:
        """Allow the thumbnails to take more, from now on, where the disk has enough; whether it has."""
        with self._lock:
            try:
                free = shutil.disk_usage(self._file.parent).free
            except OSError:
                return False
            if free - by_bytes < KEPT_FREE:
                return False
            limit = self._limit + by_bytes
            # The cache is SQLite's alone, so its number for the user's version may hold the limit, in MiB.
            self._try(f"PRAGMA user_version = {limit >> 20:d}", ())
            if self._db is None:
                return False
            self._limit = limit
            return True

    def put(self, key: str, data: bytes) -> None:
        if len(data) > self._limit:
            return
        name = encode(key)
        with self._lock:
            before = self._try("SELECT length(data) FROM thumbnails WHERE key = ?", (name,))
            stored = self._try(
                "INSERT OR REPLACE INTO thumbnails (key, used, data) VALUES (?, ?, ?) RETURNING 1",
                (name, time.time(), data),
            )
            if stored is None:
                return
            self._total += len(data) - (before[0] if before else 0)
            if self._total > self._limit:
                self._guarded(self._evict)

    def close(self) -> None:
        with self._lock:
            if not self._opened:
                self._opened = True  # and stays closed
                return
            self._guarded(self._write_touches)
            if self._db is not None:
                self._db.close()
                self._db = None

    def _open(self) -> None:
        self._opened = True
        try:
            self._db = self._connected()
        except sqlite3.DatabaseError:
            # Written without waiting for the disk, so a power cut may have damaged it. It is only a cache.
            try:
                for suffix in ("", "-wal", "-shm"):
                    self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
                self._db = self._connected()
            except (sqlite3.DatabaseError, OSError) as error:
                self._give_up(error)
        except OSError as error:
            self._give_up(error)

    def _connected(self) -> sqlite3.Connection:
        self._file.touch(mode=0o600)
        db = sqlite3.connect(os.fspath(self._file), isolation_level=None, check_same_thread=False, timeout=2)
        try:
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = OFF")
            db.execute(
                "CREATE TABLE IF NOT EXISTS thumbnails (key BLOB PRIMARY KEY, used REAL NOT NULL, data BLOB NOT NULL)"
            )
            db.execute("CREATE INDEX IF NOT EXISTS thumbnails_by_use ON thumbnails(used, length(data))")
            self._total = db.execute("SELECT coalesce(sum(length(data)), 0) FROM thumbnails").fetchone()[0]
            self._limit = max(self._limit, db.execute("PRAGMA user_version").fetchone()[0] << 20)
        except BaseException:
            db.close()
            raise
        return db

    def _try(self, sql: str, parameters: tuple[object, ...]) -> tuple | None:
        return self._guarded(lambda db: db.execute(sql, parameters).fetchone())

    def _guarded(self, action: Callable[[sqlite3.Connection], tuple | None]) -> tuple | None:
        if not self._opened:
            self._open()
        if self._db is None:
            return None
        try:
            return action(self._db)
        except sqlite3.OperationalError as error:  # full disk, folder gone, another window busy: do without this once
            logger.info("The thumbnail cache was passed over: %s", error)
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            self._db.close()
            self._give_up(error)
        return None

    def _give_up(self, error: Exception) -> None:
        logger.warning("Thumbnails are not kept on the disk: %s", error)
        self._db = None

    def _write_touches(self, db: sqlite3.Connection) -> None:
        touched, self._touched = self._touched, {}
        db.execute("BEGIN")
        db.executemany("UPDATE thumbnails SET used = ? WHERE key = ?", [(when, key) for key, when in touched.items()])
        db.execute("COMMIT")

    def _evict(self, db: sqlite3.Connection) -> None:
        self._write_touches(db)
        target = int(self._limit * EVICT_TO)
        while self._total > target:
            oldest = db.execute(
                "SELECT rowid, length(data) FROM thumbnails ORDER BY used LIMIT ?", (EVICTED_AT_ONCE,)
            ).fetchall()
            if not oldest:
                break
            gone = []
            for rowid, size in oldest:
                if self._total <= target:
                    break
                gone.append((rowid,))
                self._total -= size
            db.execute("BEGIN")
            db.executemany("DELETE FROM thumbnails WHERE rowid = ?", gone)
            db.execute("COMMIT")
