"""Finding the images that rows name, some thousand rows at a time, and in the end by their content."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import contains, distinct, integers
from pudm_gui.project.exchange.places import Place, Places
from pudm_gui.project.exchange.rows import Reading, Row
from pudm_gui.project.inspection import file_digest
from pudm_gui.project.model import Ids
from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots

FETCHED = 10_000
_TABLES = """
    CREATE TEMP TABLE sought (path TEXT, root INTEGER, n INTEGER, sha256 TEXT, size INTEGER, time INTEGER);
    CREATE TEMP TABLE by_content (row INTEGER PRIMARY KEY, sha256 TEXT, near INTEGER, accepted INTEGER);
"""
_FIT = """CASE
    WHEN sought.size >= 0 AND sought.size <> images.size THEN 0
    WHEN sought.size >= 0 THEN CASE WHEN sought.time = images.mtime_ns OR images.sha256 = '' THEN 2 ELSE 0 END
    WHEN sought.sha256 = '' OR images.sha256 = '' THEN 1
    ELSE 2 * (sought.sha256 = images.sha256)
END"""
"""0: another content, or perhaps so; 1: nothing speaks against it; 2: the same content."""
_BY_PATH = f"""SELECT n, images.id, :root, {_FIT} FROM temp.sought CROSS JOIN images
    ON images.root_id = :root AND images.path = sought.path WHERE sought.root IN (0, :root)"""
# "/" comes right after "." in ASCII: what lies between "a." and "a/" begins with "a.".
_BY_STEM = f"""{_BY_PATH} UNION ALL SELECT n, images.id, :root, 1 FROM temp.sought CROSS JOIN images
    ON images.root_id = :root AND images.path > sought.path || '.' AND images.path < sought.path || '/'
    WHERE sought.root IN (0, :root)
    AND instr(substr(CAST(images.path AS BLOB), length(CAST(sought.path AS BLOB)) + 2), x'2E') = 0
    AND instr(substr(CAST(images.path AS BLOB), length(CAST(sought.path AS BLOB)) + 2), x'2F') = 0"""


_NONE = np.empty((0, 4), dtype=np.int64)


class Hits(NamedTuple):
    """Which rows mean which images: two arrays of the same length, ``(N,)`` int64. A row may mean several."""

    rows: NDArray[np.int64]
    ids: Ids

    def where(self, keep: NDArray[np.bool_]) -> Hits:
        return Hits(self.rows[keep], self.ids[keep])


class Lookup:
    """Looks rows up in a project. Keeps what it is in the midst of in temporary tables of the thread's connection."""

    def __init__(self, project: Project, reading: Reading, cancelled: Callable[[], bool]) -> None:
        self._db = project.db
        self._roots = roots(project)
        self._places = Places(self._roots, reading.folder)
        self._sql = _BY_STEM if reading.stems else _BY_PATH
        self._sizes = distinct(integers(self._db, "SELECT size FROM images")) if reading.adds_tags else None
        self._cancelled = cancelled
        self.close()
        for statement in _TABLES.split(";"):
            self._db.execute(statement)

    def close(self) -> None:
        for table in ("sought", "by_content"):
            self._db.execute(f"DROP TABLE IF EXISTS temp.{table}")

    def by_path(self, first: int, rows: Sequence[Row]) -> tuple[Hits, list[int]]:
        """Find `rows`, of which the first has the number `first`.

        Those that a path does not find are kept for `by_content`, where their content is known.

        Returns
        -------
        What was found, and the places in `rows` of those whose path is that of images in several folders.
        """
        found = [_NONE]
        near: dict[int, int] = {}
        ambiguous: list[int] = []
        others: dict[int, Iterator[Place]] = {}
        asked = {n: place for n, row in enumerate(rows) if (place := self._places.first(row)) is not None}
        missing = list(range(len(rows)))
        while asked:
            hits = self._ask(rows, asked)
            best = np.zeros(len(rows), dtype=np.int64)
            np.maximum.at(best, hits[:, 0], hits[:, 3])
            good = hits[(hits[:, 3] == best[hits[:, 0]]) & (hits[:, 3] > 0)]
            found.append(good)
            ambiguous += _in_several_folders(good[good[:, 3] == 1])
            for n, id_ in hits[best[hits[:, 0]] == 0, :2].tolist():
                near.setdefault(n, id_)
            missing = [n for n in missing if not best[n]]
            for n in missing:
                if n not in others:
                    others[n] = itertools.islice(self._places.of(rows[n]), 1, None)
            asked = {n: place for n in missing if (place := next(others[n], None)) is not None}
        self._keep_for_later(first, rows, missing, near)
        table = np.concatenate(found)
        return Hits(table[:, 0] + first, table[:, 1]), ambiguous

    def by_content(self) -> tuple[Hits, NDArray[np.int64]]:
        """Find the rows that were kept by the content of their images; all copies of a picture are meant.

        Returns
        -------
        What was found, and the numbers of the rows for which an image of that path, but another content, was taken.
        """
        self._db.execute("CREATE INDEX temp.by_sha256 ON by_content(sha256)")
        cursor = self._db.execute(
            """SELECT row, images.id, images.id = near FROM images CROSS JOIN temp.by_content AS kept
            ON kept.sha256 = images.sha256 WHERE images.sha256 <> ''"""
        )
        parts = [np.empty((0, 3), dtype=np.int64)]
        while some := cursor.fetchmany(FETCHED):
            parts.append(np.array(some, dtype=np.int64))
        table = np.concatenate(parts)
        exact = table[:, 2] == 1
        keep = exact | ~contains(np.sort(table[exact, 0]), table[:, 0])
        rows, ids = table[keep, 0], table[keep, 1]
        taken = integers(self._db, "SELECT row FROM temp.by_content WHERE accepted = 1 ORDER BY row")
        near = integers(self._db, "SELECT near FROM temp.by_content WHERE accepted = 1 ORDER BY row")
        left = ~contains(np.sort(rows), taken)
        return Hits(np.concatenate([rows, taken[left]]), np.concatenate([ids, near[left]])), taken[left]

    def _ask(self, rows: Sequence[Row], asked: dict[int, Place]) -> NDArray[np.int64]:
        """The images at those places: ``(N, 4)``, with the number of the place, id, root and fit."""
        db = self._db
        db.execute("DELETE FROM temp.sought")
        # In the order of the index on paths, neighbours are found on the same page.
        sought = sorted((encode(place.path), place.root, n) for n, place in asked.items())
        db.executemany(
            "INSERT INTO temp.sought (path, root, n, sha256, size, time) VALUES (CAST(? AS TEXT), ?, ?, ?, ?, ?)",
            ((path, root, n, rows[n].sha256, rows[n].size, rows[n].mtime_ns) for path, root, n in sought),
        )
        answers = [db.execute(self._sql, {"root": root.id}).fetchall() for root in self._roots]
        return np.concatenate([_NONE, *(np.array(some, dtype=np.int64).reshape(-1, 4) for some in answers)])

    def _keep_for_later(self, first: int, rows: Sequence[Row], missing: Iterable[int], near: dict[int, int]) -> None:
        kept = []
        for n in missing:
            row = rows[n]
            digest = row.sha256 or self._digest(row)
            if digest:
                kept.append((first + n, digest, near.get(n, 0), int(n in near and row.file is None)))
        self._db.executemany("INSERT INTO temp.by_content VALUES (?, ?, ?, ?)", kept)

    def _digest(self, row: Row) -> str:
        """Of the content of a copy; "" where no image has its size, so that it need not be read."""
        if row.file is None or self._sizes is None:
            return ""
        if not contains(self._sizes, np.array([row.size])).any():
            return ""
        return file_digest(row.file, self._cancelled) or ""


def _in_several_folders(hits: NDArray[np.int64]) -> list[int]:
    """The numbers of the places at which more than one image folder has an image."""
    if not len(hits) or (hits[:, 2] == hits[0, 2]).all():
        return []
    pairs = np.unique(hits[:, [0, 2]], axis=0)
    numbers, counts = np.unique(pairs[:, 0], return_counts=True)
    return numbers[counts > 1].tolist()
