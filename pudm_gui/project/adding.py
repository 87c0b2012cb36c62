"""Putting found files into the store, many with one statement: SQLite works on it without Python's lock."""

from __future__ import annotations

import sqlite3
from itertools import chain, repeat

from pudm_gui.project.paths import encode, folded, sort_key, sort_keys
from pudm_gui.project.walk import Part

ROWS = 100
"""Files per statement. Statements of every length up to this one fit what sqlite3 keeps compiled."""


def add_files(db: sqlite3.Connection, root_id: int, part: Part) -> None:
    """Inside a transaction that is under way, add all files of `part`, which the store must not have.

    Their ids follow each other, from the largest so far on.
    """
    note_folder(db, root_id, part.folder, len(part))
    paths = part.paths
    if part.folder.isascii() and part.joined.isascii():
        start = sort_key(f"{part.folder}/") if part.folder else b""
        keys = [(start + key).decode("ascii") for key in sort_keys(part.names)]
        rows = list(zip(repeat(root_id), paths, part.sizes, part.times, keys))
        for first in range(0, len(rows), ROWS):
            some = rows[first : first + ROWS]
            db.execute(_statement(len(some)), tuple(chain.from_iterable(some)))
        return
    db.executemany(  # names may hold any bytes, and str may not
        """INSERT INTO images (root_id, path, size, mtime_ns, sort_key, folded)
        VALUES (?, CAST(? AS TEXT), ?, ?, ?, CAST(? AS TEXT))""",
        [
            (root_id, encode(path), size, mtime_ns, sort_key(path), folded(path))
            for path, size, mtime_ns in zip(paths, part.sizes, part.times, strict=True)
        ],
    )


def _statement(rows: int) -> str:
    values = ", ".join(["(?, ?, ?, ?, CAST(? AS BLOB))"] * rows)
    return f"INSERT INTO images (root_id, path, size, mtime_ns, sort_key) VALUES {values}"


def note_folder(db: sqlite3.Connection, root_id: int, folder: str, images: int) -> None:
    """Inside a transaction, count `images` more in a folder, whose digest no longer holds."""
    db.execute(
        """INSERT INTO folders (root_id, path, images) VALUES (?, CAST(? AS TEXT), ?)
        ON CONFLICT (root_id, path) DO UPDATE SET images = images + excluded.images, listing = NULL""",
        (root_id, encode(folder), images),
    )
