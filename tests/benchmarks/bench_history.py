"""Labels, their history and agreement at a million images: ``python -m tests.benchmarks.bench_history``.

The images are rows without files. Each figure is the median of `RUNS`, with the least and the most of them.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pudm_gui.project.agreement import people
from pudm_gui.project.history import history, history_size
from pudm_gui.project.labels import apply_labels, redo, set_label, undo
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.project.reverting import revert
from tests.benchmarks.timing import timed

IMAGES, MANY, ACTIONS = 1_000_000, 100_000, 100_000
RUNS = 3
S, N = Label.SENSITIVE, Label.NORMAL


def main() -> None:
    with tempfile.TemporaryDirectory() as place, Project.create(Path(place) / "bench.pudm", annotator="ann") as project:
        ids = images(project)
        labels(project, ids[:MANY])
        agreement(project, ids)
        long_history(project, ids)
        panel(project, ids)


def images(project: Project) -> Ids:
    with project.writing() as db:
        db.execute("INSERT INTO roots (path) VALUES ('/nowhere')")
        db.execute(
            """WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?)
            INSERT INTO images (root_id, path, size, mtime_ns, state) SELECT 1, id || '.png', 0, 0, 1 FROM n""",
            (IMAGES,),
        )
    return np.arange(1, IMAGES + 1)


def labels(project: Project, ids: Ids) -> None:
    turns = iter([S, N, S, N, S])
    say(f"label {MANY:,} images", lambda: set_label(project, ids, next(turns)))
    say("undo that", lambda: undo(project))
    say("redo it", lambda: redo(project))
    first = iter(range(1, 1 + RUNS))
    say("revert such an action under later ones", lambda: revert(project, next(first)))


def agreement(project: Project, ids: Ids) -> None:
    set_label(project, ids, N)
    sensitive = np.random.default_rng(0).random(IMAGES) < 0.1
    with project.writing() as db:
        apply_labels(
            project, db, {S: ids[sensitive], N: ids[~sensitive]}, kind="import", source="import", annotator="bo"
        )
    say(f"agreement of two on {IMAGES:,} images", lambda: people(project))


def long_history(project: Project, ids: Ids) -> None:
    with project.writing() as db:
        write_actions(db, history_size(project))
    say(f"a page of 64 of {ACTIONS:,} entries, newest", lambda: history(project, limit=64))
    say("the same in the middle", lambda: history(project, limit=64, before=ACTIONS // 2))
    turns = iter([S, N, S])
    say("label one image", lambda: set_label(project, ids[:1], next(turns)))
    latest = iter([history_size(project)])
    say("revert one", lambda: revert(project, next(latest)), runs=1)


def write_actions(db: sqlite3.Connection, start: int) -> None:
    """Every fourth undoes the one before."""
    db.execute(
        """WITH RECURSIVE n(id) AS (SELECT :start + 1 UNION ALL SELECT id + 1 FROM n WHERE id < :start + :actions)
        INSERT INTO actions (id, at, kind, annotator, source, label, count, target, parent, head, sensitive, normal)
        SELECT id, 0, iif((id - :start) % 4 = 3, 'undo', 'label'), 'ann', 'hand', 1, 1,
        iif((id - :start) % 4 = 3, id - 1, NULL), iif((id - :start) % 4 = 3, NULL, id - 1 - ((id - :start) % 4 = 0)),
        iif((id - :start) % 4 = 3, id - 2, id), 0, 0 FROM n""",
        {"start": start, "actions": ACTIONS},
    )


def panel(project: Project, ids: Ids) -> None:
    """What the window does when an entry is added while the panel is open, painting included."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QApplication

    from pudm_gui.label.history.delegate import HistoryDelegate
    from pudm_gui.label.history.list import HistoryList
    from pudm_gui.label.history.model import HistoryModel
    from pudm_gui.label.history.words import HistoryWords

    app = QApplication.instance() or QApplication([])
    owner = QObject()
    words = HistoryWords(owner)
    model, view = HistoryModel(project, words, owner), HistoryList()
    view.setModel(model)
    view.setItemDelegate(HistoryDelegate(words, view))
    view.resize(300, 700)
    model.refresh()
    view.show()
    app.processEvents()

    def refresh() -> None:
        model.refresh()
        app.processEvents()

    def scroll() -> None:
        bar = view.verticalScrollBar()
        bar.setValue((bar.value() + bar.maximum() // 2 + 997) % max(1, bar.maximum()))
        app.processEvents()

    set_label(project, ids[:1], S)
    say("the panel takes a new entry over", refresh)
    say("the panel jumps", scroll, runs=50)


def say(what: str, do: Callable[[], object], runs: int = RUNS) -> None:
    times = [1e3 * timed(do) for _ in range(runs)]
    print(f"{what:<48} {statistics.median(times):9.1f} ms ({min(times):.1f} to {max(times):.1f})")


if __name__ == "__main__":
    main()
