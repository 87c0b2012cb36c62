"""The first half of a scan: comparing the files on the disk with the rows of the store, by path, size and time."""

from __future__ import annotations

import sqlite3
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from pudm_gui.project.images import integers
from pudm_gui.project.inspection import GONE, file_digest
from pudm_gui.project.model import Root
from pudm_gui.project.paths import encode, folded, sort_key
from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots
from pudm_gui.project.walk import FoundFile

CHUNK = 250
CHECKPOINT_EVERY = 20
"""Transactions between two checkpoints of the write-ahead log, which this thread does so that the window need not."""


@dataclass(frozen=True, slots=True)
class _Missing:
    id: int
    path: str
    sha256: str
    whole: bool
    """Inspected, and found to be good."""


class Catalogue:
    """Writes what a walk finds into the store, through `db`, in short transactions."""

    def __init__(self, project: Project, db: sqlite3.Connection) -> None:
        self.added = 0
        self.changed = 0
        self.moved = 0
        self.missing: set[int] = set()
        """Images that this scan found to be gone, and not elsewhere."""
        self._project = project
        self._db = db
        self._writes = 0
        self._seen: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        self._sizes = {size for (size,) in db.execute("SELECT DISTINCT size FROM images WHERE sha256 <> ''")}
        self._roots_with_images = {
            id_ for (id_,) in db.execute("SELECT id FROM roots WHERE id IN (SELECT root_id FROM images)")
        }
        self._perhaps_moved: list[tuple[int, FoundFile]] = []
        """New files with the size of an image we know: they are added once we know that they are not that image."""

    def record(self, root: Root, files: Sequence[FoundFile]) -> None:
        """Add the new ones of `files` and mark the changed ones for inspection."""
        new: list[FoundFile] = []
        changed: list[tuple[int, int, int]] = []
        returned: list[tuple[int]] = []
        rows = self._known(root.id, files)
        for file in files:
            row = rows.get(file.path)
            if row is None:
                if file.size in self._sizes:
                    self._perhaps_moved.append((root.id, file))
                else:
                    new.append(file)
                continue
            id_, size, mtime_ns, state, width = row
            self._seen[root.id].append(id_)
            if (size, mtime_ns) != (file.size, file.mtime_ns) or (state == 2 and not width):
                changed.append((file.size, file.mtime_ns, id_))
            elif state == 2:
                returned.append((id_,))
        self._add(root.id, new)
        if changed or returned:
            with self._project.writing(self._db) as db:
                db.executemany(
                    "UPDATE images SET size = ?, mtime_ns = ?, state = 0, sha256 = '', problem = NULL WHERE id = ?",
                    changed,
                )
                db.executemany("UPDATE images SET state = 1, problem = NULL WHERE id = ?", returned)
            self.changed += len(changed)
            self._pause()

    def mark_missing(self, root_id: int, listed: Callable[[str], bool]) -> None:
        """Mark the images of a root that its walk did not meet, but for those in folders that it could not list."""
        known = integers(self._db, "SELECT id FROM images WHERE root_id = ? AND state <> 2", (root_id,))
        lost = np.setdiff1d(known, np.frombuffer(self._seen[root_id], dtype=np.int64))
        for start in range(0, len(lost), CHUNK):
            ids = lost[start : start + CHUNK].tolist()
            paths = [self._db.execute("SELECT path FROM images WHERE id = ?", (id_,)).fetchone()[0] for id_ in ids]
            gone = [(GONE, id_) for id_, path in zip(ids, paths, strict=True) if listed(path)]
            with self._project.writing(self._db) as db:
                db.executemany("UPDATE images SET state = 2, problem = ? WHERE id = ?", gone)
            self.missing.update(id_ for _, id_ in gone)
            self._pause()

    def settle_moves(self, cancelled: Callable[[], bool]) -> None:
        """Give missing images whose content turned up elsewhere their new path; add the other new files."""
        missing = self._missing_by_size()
        folders = {root.id: root.path for root in roots(self._project)}
        new: defaultdict[int, list[FoundFile]] = defaultdict(list)
        for root_id, file in self._perhaps_moved:
            if cancelled():
                return
            candidates = missing.get(file.size, [])
            digest = file_digest(folders[root_id] / file.path, cancelled) if candidates else None
            if cancelled():  # a digest cut short tells nothing, and an image taken for new would lose its label
                return
            same = [image for image in candidates if image.sha256 == digest]
            if same:
                image = min(same, key=lambda each: _name(each.path) != _name(file.path))
                candidates.remove(image)
                self._move(image, root_id, file)
            else:
                new[root_id].append(file)
        for root_id, files in new.items():
            for start in range(0, len(files), CHUNK):
                self._add(root_id, files[start : start + CHUNK])

    def _known(self, root_id: int, files: Sequence[FoundFile]) -> dict[str, tuple[int, int, int, int, int]]:
        """Id, size, time, state and width of those of `files` that the store has, by path."""
        if root_id not in self._roots_with_images:
            return {}
        paths = ", ".join(["CAST(? AS TEXT)"] * len(files))
        rows = self._db.execute(
            f"SELECT path, id, size, mtime_ns, state, width FROM images WHERE root_id = ? AND path IN ({paths})",
            (root_id, *(encode(file.path) for file in files)),
        )
        return {row[0]: row[1:] for row in rows}

    def _add(self, root_id: int, files: Sequence[FoundFile]) -> None:
        if not files:
            return
        rows = [
            (root_id, encode(file.path), file.size, file.mtime_ns, sort_key(file.path), folded(file.path))
            for file in files
        ]
        with self._project.writing(self._db) as db:
            before = db.execute("SELECT coalesce(max(id), 0) FROM images").fetchone()[0]
            db.executemany(
                """INSERT INTO images (root_id, path, size, mtime_ns, sort_key, folded)
                VALUES (?, CAST(? AS TEXT), ?, ?, ?, CAST(? AS TEXT))""",
                rows,
            )
        self._seen[root_id].extend(range(before + 1, before + 1 + len(rows)))
        self.added += len(rows)
        self._pause()

    def _move(self, image: _Missing, root_id: int, file: FoundFile) -> None:
        with self._project.writing(self._db) as db:
            db.execute(
                """UPDATE images SET root_id = ?, path = CAST(? AS TEXT), size = ?, mtime_ns = ?, state = ?,
                problem = NULL, sort_key = ?, folded = CAST(? AS TEXT) WHERE id = ?""",
                (
                    root_id,
                    encode(file.path),
                    file.size,
                    file.mtime_ns,
                    1 if image.whole else 0,
                    sort_key(file.path),
                    folded(file.path),
                    image.id,
                ),
            )
        self.moved += 1
        self.missing.discard(image.id)

    def _missing_by_size(self) -> dict[int, list[_Missing]]:
        """Images that are gone from the disk, labeled ones first, since their label is what must not be lost."""
        found: dict[int, list[_Missing]] = {}
        for size, id_, path, sha256, width in self._db.execute(
            """SELECT size, id, path, sha256, width FROM images LEFT JOIN labels ON image_id = id
            WHERE state = 2 AND sha256 <> '' ORDER BY label IS NULL, id"""
        ):
            found.setdefault(size, []).append(_Missing(id_, path, sha256, width > 0))
        return found

    def _pause(self) -> None:
        """Let other threads have the interpreter, and now and then move the log into the database file."""
        self._writes += 1
        if self._writes % CHECKPOINT_EVERY == 0:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        time.sleep(0.0005)


def _name(path: str) -> str:
    return PurePosixPath(path).name
