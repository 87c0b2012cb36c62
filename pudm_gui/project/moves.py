"""Finding images again that were moved or renamed, by their content."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.adding import note_folder
from pudm_gui.project.columns import contains, distinct, integers
from pudm_gui.project.inspection import file_digest
from pudm_gui.project.model import Ids
from pudm_gui.project.paths import encode, folded, sort_key
from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots
from pudm_gui.project.walk import FoundFile, Part

BATCH = 250
FETCH = 10_000


class Moves:
    """New files that may be images we know, held back until it is known which of those are gone."""

    def __init__(self, project: Project, db: sqlite3.Connection) -> None:
        self.found: list[int] = []
        """Images that have a new place."""
        self._project = project
        self._db = db
        self._held: list[tuple[int, Part]] = []
        self._sizes: NDArray[np.int64] | None = None

    def hold_back(self, root_id: int, part: Part) -> Part:
        """Keep the files of `part` that have the size of an image we know; the others come back."""
        if self._sizes is None:
            self._sizes = distinct(integers(self._db, "SELECT size FROM images WHERE sha256 <> ''"))
        if not len(self._sizes):
            return part
        known = contains(self._sizes, np.asarray(part.sizes))
        if known.any():
            self._held.append((root_id, part.chosen(known)))
        return part.chosen(~known)

    def settle(self, cancelled: Callable[[], bool]) -> Iterator[tuple[int, Part]]:
        """Give missing images whose content is in one of the files its path.

        Yields
        ------
        The files that are none of them, with the ids of their roots, in the end or while it goes on.
        """
        missing = _Missing(self._db) if self._held else None
        folders = {root.id: root.path for root in roots(self._project)}
        for root_id, part in self._held:
            if cancelled() or missing is None:
                return
            perhaps = contains(missing.sizes, np.asarray(part.sizes))
            new = np.ones(len(part), dtype=bool)
            moved: list[tuple[int, bool, FoundFile]] = []
            for place, file in enumerate(part.files()):
                if not perhaps[place]:
                    continue
                digest = file_digest(folders[root_id] / file.path, cancelled)
                if cancelled():  # a digest cut short tells nothing, and an image taken for new would lose its label
                    return
                image = missing.take(digest, file.path) if digest else None
                if image is not None:
                    moved.append((*image, file))
                    new[place] = False
            if moved:
                self._write(root_id, part.folder, moved)
            yield root_id, part.chosen(new)

    def _write(self, root_id: int, folder: str, moved: list[tuple[int, bool, FoundFile]]) -> None:
        for start in range(0, len(moved), BATCH):
            batch = moved[start : start + BATCH]
            with self._project.writing(self._db) as db:
                db.executemany(
                    """UPDATE images SET root_id = ?, path = CAST(? AS TEXT), size = ?, mtime_ns = ?, state = ?,
                    problem = NULL, sort_key = ?, folded = CAST(? AS TEXT) WHERE id = ?""",
                    [
                        (
                            root_id,
                            encode(file.path),
                            file.size,
                            file.mtime_ns,
                            1 if whole else 0,
                            sort_key(file.path),
                            folded(file.path),
                            image_id,
                        )
                        for image_id, whole, file in batch
                    ],
                )
                note_folder(db, root_id, folder, len(batch))
            self.found += [image_id for image_id, _, _ in batch]


class _Missing:
    """The images that are gone from the disk, by the first eight bytes of their digest."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        ids, sizes, keys = array("q"), array("q"), array("Q")
        rows = db.execute("SELECT id, size, substr(sha256, 1, 16) FROM images WHERE state = 2 AND sha256 <> ''")
        while some := rows.fetchmany(FETCH):
            ids.extend(id_ for id_, _, _ in some)
            sizes.extend(size for _, size, _ in some)
            keys.extend(int(start, 16) for _, _, start in some)
        order = np.argsort(np.asarray(keys), kind="stable")
        self.sizes = distinct(np.asarray(sizes))
        self._keys = np.asarray(keys)[order]
        self._ids: Ids = np.asarray(ids)[order]
        self._taken = np.zeros(len(order), dtype=bool)

    def take(self, digest: str, path: str) -> tuple[int, bool] | None:
        """The image whose content this is, if any, and whether it was found to be good; not given out again.

        Of several, one with the name that `path` has, then a labeled one, since its label is what must not be lost.
        """
        key = np.uint64(int(digest[:16], 16))
        first, end = np.searchsorted(self._keys, key, "left"), np.searchsorted(self._keys, key, "right")
        best: tuple[bool, bool, int, bool, int] | None = None
        for place in range(int(first), int(end)):
            if self._taken[place]:
                continue
            id_ = int(self._ids[place])
            sha256, known, width, unlabeled = self._db.execute(
                """SELECT sha256, path, width, label IS NULL FROM images LEFT JOIN labels ON image_id = id
                WHERE id = ?""",
                (id_,),
            ).fetchone()
            if sha256 == digest:
                rank = (Path(known).name != Path(path).name, bool(unlabeled), id_, width > 0, place)
                best = rank if best is None else min(best, rank)
        if best is None:
            return None
        _, _, id_, whole, place = best
        self._taken[place] = True
        return id_, whole
