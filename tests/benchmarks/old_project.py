"""A project as an earlier version left it, with a long history, for measuring how it is brought up to date."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from pudm_gui.project import schema
from pudm_gui.project.paths import sort_key
from pudm_gui.project.project import DATABASE

LABELED_AT_ONCE = 500
"""Images of each action: as many as make twice as many rows of history as there are images."""


def write_old_project(path: Path, images: int) -> int:
    """Format 2: `images` rows, and labels given, undone and redone.

    Returns
    -------
    Rows of the history.
    """
    path.mkdir()
    with closing(sqlite3.connect(path / DATABASE, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        db.execute("BEGIN")
        for migration in schema.MIGRATIONS[:2]:
            migration(Database(db, execute_plugins=False))
        db.execute("PRAGMA user_version = 2")
        db.execute("INSERT INTO roots (path) VALUES ('/nowhere')")
        names = (f"{n // 1000:04d}/img_{n:07d}.jpg" for n in range(images))
        db.executemany(
            "INSERT INTO images (root_id, path, size, mtime_ns, state, sort_key) VALUES (1, ?, 1000, 0, 1, ?)",
            ((name, sort_key(name)) for name in names),
        )
        return _write_history(db, images)


def _write_history(db: sqlite3.Connection, images: int) -> int:
    choose, labels, rows = random.Random(0), {}, 0
    done: list[tuple[int, int, dict[int, tuple[int, int]]]] = []
    head = 0
    for action in range(1, 2 * images // LABELED_AT_ONCE + 1):
        if done and choose.random() < 0.2:
            target, parent, theirs = done.pop()
            kind, label, head = "undo", None, parent
            effect = {image: (new, old) for image, (old, new) in theirs.items()}
        else:
            target, kind, label = None, "label", choose.choice((1, 2))
            first = choose.randrange(max(1, images - LABELED_AT_ONCE))
            effect = {image: (labels.get(image, 0), label) for image in range(first + 1, first + 1 + LABELED_AT_ONCE)}
            done.append((action, head, effect))
            head = action
        labels |= {image: new for image, (_, new) in effect.items()}
        db.execute(
            "INSERT INTO actions VALUES (?, ?, ?, 'ann', 'hand', ?, ?, ?, ?, ?, 0, 0)",
            (action, float(action), kind, label, len(effect), target, done[-1][1] if kind == "label" else None, head),
        )
        db.executemany(
            "INSERT INTO label_history VALUES (?, ?, ?, ?)",
            ((action, image, old, new) for image, (old, new) in effect.items()),
        )
        rows += len(effect)
    db.executemany("INSERT INTO labels VALUES (?, ?)", ((image, label) for image, label in labels.items() if label))
    db.execute("COMMIT")
    return rows
