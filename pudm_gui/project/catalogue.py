"""The first half of a scan: comparing the files on the disk with the rows of the store, by path, size and time.

The store keeps a digest of the names, sizes and times in each folder. A folder with the same digest again is not looked
at file by file.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from array import array
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pudm_gui.project.adding import add_files
from pudm_gui.project.columns import integers, largest_id, listed, without
from pudm_gui.project.inspection import GONE
from pudm_gui.project.model import Ids, Root
from pudm_gui.project.moves import Moves
from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project
from pudm_gui.project.walk import PART, Part

CHECKPOINT_EVERY = 50
"""Transactions between two checkpoints of the write-ahead log, which this thread does so that the window need not."""
_IN_FOLDER = """root_id = :root AND path > CAST(:after AS TEXT) AND path < CAST(:before AS TEXT)
    AND instr(substr(CAST(path AS BLOB), :start), CAST('/' AS BLOB)) = 0"""
"""SQL for the images right in a folder, as a range of the index over roots and paths."""


@dataclass(slots=True)
class _Folder:
    """One whose listing is under way."""

    path: str
    images: int = 0
    digest: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=16))
    waiting: list[Part] = field(default_factory=list)
    """Not compared yet, since the digest may turn out to be the same as before."""

    def add(self, part: Part) -> None:
        self.images += len(part)
        for column in (b"%d " % len(part), part.joined, part.sizes.tobytes(), part.times.tobytes()):
            self.digest.update(column)


class Catalogue:
    """Writes what a walk finds into the store, through `db`, in short transactions."""

    def __init__(self, project: Project, db: sqlite3.Connection) -> None:
        self.added = 0
        self.changed = 0
        self._project = project
        self._db = db
        self._writes = 0
        self._moves = Moves(project, db)
        self._missing: list[Ids] = []
        self._ended: list[tuple[int, bytes, int, bytes]] = []
        """Folders that changed, as rows of `folders`; they hold once missing and moved images are settled."""
        self._left: list[tuple[int, str]] = []
        """Folders that may have no image any more."""

    @property
    def moved(self) -> int:
        return len(self._moves.found)

    @property
    def missing(self) -> int:
        """Images that this scan found to be gone, and not elsewhere."""
        lost = np.concatenate(self._missing) if self._missing else np.empty(0, dtype=np.int64)
        return len(np.setdiff1d(lost, self._moves.found))

    def begin(self, root: Root) -> None:
        """The parts that come now are of `root`."""
        self._root_id = root.id
        self._listings: dict[str, bytes | None] = dict(
            self._db.execute("SELECT path, listing FROM folders WHERE root_id = ?", (root.id,))
        )
        row = self._db.execute("SELECT 1 FROM images WHERE root_id = ? LIMIT 1", (root.id,)).fetchone()
        self._empty = row is None
        self._folder: _Folder | None = None
        self._met: set[str] = set()
        self._seen: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        """Of each folder that was compared file by file, the images that are there."""

    def record(self, part: Part) -> None:
        """Take in `part` of the root: add new files, and mark changed ones for inspection."""
        if self._folder is None or self._folder.path != part.folder:
            self._folder = _Folder(part.folder)
        folder, known = self._folder, self._listings.get(part.folder)
        folder.add(part)
        if known is None:
            self._take(part)
        else:
            folder.waiting.append(part)
        if part.last:
            self._folder = None
            self._end(folder, known)

    def mark_missing(self, was_listed: Callable[[str], bool]) -> None:
        """Mark the images of the root that its walk did not meet, but for those in folders that it could not list."""
        gone = [path for path in self._listings if path not in self._met and was_listed(path)]
        self._left += [(self._root_id, path) for path in gone]
        for path in (*gone, *self._seen):
            if not was_listed(path):
                continue
            known = integers(
                self._db, f"SELECT id FROM images WHERE {_IN_FOLDER} AND state <> 2", _place(self._root_id, path)
            )
            lost = without(known, np.sort(np.asarray(self._seen.get(path, []), dtype=np.int64)))
            for start in range(0, len(lost), PART):
                self._mark(lost[start : start + PART])

    def settle(self, cancelled: Callable[[], bool]) -> None:
        """Give images that turned up elsewhere their new path, add the other new files, and note the folders."""
        for root_id, part in self._moves.settle(cancelled):
            self._add(root_id, part)
        if cancelled():
            return
        with self._project.writing(self._db) as db:
            db.executemany(
                """INSERT INTO folders (root_id, path, images, listing) VALUES (?, CAST(? AS TEXT), ?, ?)
                ON CONFLICT (root_id, path) DO UPDATE SET images = excluded.images, listing = excluded.listing""",
                self._ended,
            )
            for root_id, path in self._left:
                place = _place(root_id, path)
                held = db.execute(f"SELECT EXISTS (SELECT 1 FROM images WHERE {_IN_FOLDER})", place).fetchone()[0]
                change = "UPDATE folders SET images = 0, listing = NULL" if held else "DELETE FROM folders"
                db.execute(f"{change} WHERE root_id = ? AND path = CAST(? AS TEXT)", (root_id, encode(path)))

    def _end(self, folder: _Folder, known: bytes | None) -> None:
        self._met.add(folder.path)
        digest = folder.digest.digest()
        if digest == known or (not folder.images and folder.path not in self._listings):
            return
        if known is not None:
            with self._project.writing(self._db) as db:  # from now on, only a scan that comes to its end can tell
                db.execute(
                    "UPDATE folders SET listing = NULL WHERE root_id = ? AND path = CAST(? AS TEXT)",
                    (self._root_id, encode(folder.path)),
                )
            for part in folder.waiting:
                self._take(part)
        if folder.images:
            self._ended.append((self._root_id, encode(folder.path), folder.images, digest))
        else:
            self._left.append((self._root_id, folder.path))

    def _take(self, part: Part) -> None:
        if self._empty:
            self._add(self._root_id, self._moves.hold_back(self._root_id, part))
        else:
            self._seen[part.folder]  # compared, even where nothing in it is known
            self._compare(part)

    def _compare(self, part: Part) -> None:
        rows = self._known(part)
        new = np.zeros(len(part), dtype=bool)
        changed: list[tuple[int, int, int]] = []
        returned: list[tuple[int]] = []
        for place, file in enumerate(part.files()):
            row = rows.get(file.path)
            if row is None:
                new[place] = True
                continue
            id_, size, mtime_ns, state, width = row
            self._seen[part.folder].append(id_)
            if (size, mtime_ns) != (file.size, file.mtime_ns) or (state == 2 and not width):
                changed.append((file.size, file.mtime_ns, id_))
            elif state == 2:
                returned.append((id_,))
        if new.any():
            self._add(self._root_id, self._moves.hold_back(self._root_id, part.chosen(new)))
        if changed or returned:
            self._mark_changed(changed, returned)

    def _known(self, part: Part) -> dict[str, tuple[int, int, int, int, int]]:
        """Id, size, time, state and width of those files of `part` that the store has, by path."""
        paths = ", ".join(["CAST(? AS TEXT)"] * len(part))
        rows = self._db.execute(
            f"SELECT path, id, size, mtime_ns, state, width FROM images WHERE root_id = ? AND path IN ({paths})",
            (self._root_id, *map(encode, part.paths)),
        )
        return {row[0]: row[1:] for row in rows}

    def _mark_changed(self, changed: list[tuple[int, int, int]], returned: list[tuple[int]]) -> None:
        """`changed` as sizes, times and ids. What a file was before is kept, to be compared with what it is now."""
        with self._project.writing(self._db) as db:
            db.executemany(
                """UPDATE images SET size = ?, mtime_ns = ?, state = 0, problem = NULL, sha256 = '',
                former_sha256 = iif(sha256 = '', former_sha256, sha256) WHERE id = ?""",
                changed,
            )
            db.executemany("UPDATE images SET state = 1, problem = NULL WHERE id = ?", returned)
        self.changed += len(changed)
        self._pause()

    def _add(self, root_id: int, part: Part) -> None:
        if not len(part):
            return
        with self._project.writing(self._db) as db:
            before = largest_id(db)
            add_files(db, root_id, part)
        if root_id == self._root_id and not self._empty:
            self._seen[part.folder].extend(range(before + 1, before + 1 + len(part)))
        self.added += len(part)
        self._pause()

    def _mark(self, lost: Ids) -> None:
        with self._project.writing(self._db) as db:
            db.execute(
                "UPDATE images SET state = 2, problem = ? WHERE id IN (SELECT value FROM json_each(?))",
                (GONE, listed(lost)),
            )
        self._missing.append(lost)
        self._pause()

    def _pause(self) -> None:
        """Let other threads have the interpreter, and now and then move the log into the database file."""
        self._writes += 1
        if self._writes % CHECKPOINT_EVERY == 0:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        time.sleep(0)


def _place(root_id: int, folder: str) -> dict[str, object]:
    """What `_IN_FOLDER` is about."""
    lead = encode(f"{folder}/") if folder else b""
    before = lead[:-1] + b"0" if lead else b"\xff" * 256  # "0" follows "/"; no name has that many bytes
    return {"root": root_id, "after": lead, "before": before, "start": len(lead) + 1}
