"""A process that labels, tags, imports, reverts, undoes and scans, all it can, and says what stands after each act.

    python -m tests.pudm_gui.project.busy_curator PROJECT SEED

`killed` kills one at some moment, and `what_is_lost` looks at what is left of the project.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pudm_gui.project.exchange.importing import import_labels
from pudm_gui.project.history import history
from pudm_gui.project.images import image_ids, labels_for
from pudm_gui.project.labels import redo, set_label, undo
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.project.reverting import revert
from pudm_gui.project.roots import roots
from pudm_gui.project.scan import scan
from pudm_gui.project.tags import tag_images

WATCHED = 30
"""Images whose labels are told."""
State = dict[str, object]


def main(path: Path, seed: int) -> None:
    choose = random.Random(seed)
    with Project.open(path) as project:
        ids = np.sort(image_ids(project))[:WATCHED]
        threading.Thread(target=_keep_scanning, args=(project, seed), daemon=True).start()
        acts = _acts(project, ids, choose)
        _say(state(project))
        while True:
            choose.choice(acts)()
            _say(state(project))


def state(project: Project) -> State:
    """What a window would show: labels and tags, and how many actions the history has."""
    db = project.db
    ids = np.arange(1, WATCHED + 1)
    return {
        "actions": db.execute("SELECT count(*) FROM actions").fetchone()[0],
        "labels": labels_for(project, ids).tolist(),
        "tags": [list(row) for row in db.execute("SELECT image_id, tag FROM tags ORDER BY 1, 2")],
    }


def killed(path: Path, seed: int, seconds: float) -> State:
    """Run one for `seconds` from its first words on, and kill it.

    Returns
    -------
    The last state that it told.
    """
    command = [sys.executable, "-m", __name__, str(path), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as curator:
        assert curator.stdout is not None
        first = curator.stdout.readline()
        time.sleep(seconds)  # the moment of the kill is the point
        os.kill(curator.pid, signal.SIGKILL)
        lines = [first, *curator.stdout.read().split("\n")[:-1]]
    return json.loads(lines[-1])


def what_is_lost(path: Path, told: State) -> list[str]:
    """Open the project again: everything that is not as it was told. The act under way may have been done or not."""
    wrong = []
    with Project.open(path) as project:
        db = project.db
        if db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            wrong.append("the database is damaged")
        if db.execute("PRAGMA foreign_key_check").fetchall():
            wrong.append("a reference leads nowhere")
        if db.execute(
            """SELECT 1 FROM (SELECT image_id, new, max(action_id) FROM label_history GROUP BY image_id) AS last
            LEFT JOIN labels USING (image_id) WHERE new <> coalesce(label, 0)"""
        ).fetchone():
            wrong.append("labels differ from their history")
        found = state(project)
        if found["actions"] == int(str(told["actions"])) + 1:  # the one under way: without it, it is as was told
            [last] = history(project, limit=1)
            found = told if last.kind in ("undo", "redo") else _without_the_last(project)
        if {**found, "actions": 0} != {**told, "actions": 0}:
            wrong.append(f"told {told}, found {found}")
        if scan(project).cancelled or _files(project) != _known(project):
            wrong.append("a scan does not find the files")
    return wrong


def _without_the_last(project: Project) -> State:
    undo(project)
    found = state(project)
    redo(project)
    return found


def _acts(project: Project, ids: Ids, choose: random.Random) -> list[Callable[[], object]]:
    table = project.path / "labels.csv"

    def some() -> Ids:
        return np.array(choose.sample(ids.tolist(), choose.randint(1, len(ids))))

    def label() -> object:
        return set_label(project, some(), Label(choose.randrange(3)))

    def tag() -> object:
        return tag_images(project, some(), added=[choose.choice("abc")], removed=[choose.choice("abc")])

    def take_in() -> object:
        paths = dict(project.db.execute(f"SELECT id, path FROM images WHERE id <= {WATCHED}"))
        rows = (f"{paths[id_]},{choose.choice(('sensitive', 'normal'))},x" for id_ in some().tolist())
        table.write_text("path,label,tags\n" + "\n".join(rows))
        return import_labels(project, table)

    def take_back() -> object:
        done = [entry.id for entry in history(project, limit=30) if entry.kind in ("label", "tag", "import")]
        return revert(project, choose.choice(done)) if done else None

    return [label, label, tag, take_in, take_back, lambda: undo(project), lambda: redo(project)]


def _keep_scanning(project: Project, seed: int) -> None:
    """While files come, change and are renamed. Those whose labels are told keep their names."""
    folder = roots(project)[0].path / "coming and going"
    folder.mkdir(exist_ok=True)
    for turn in itertools.count():
        for number in range(40):
            (folder / f"{seed}-{turn}-{number}.png").write_bytes(b"no picture %d %d" % (turn, number))
        if turn % 3 == 2:
            folder.rename(folder.with_name("elsewhere"))
            folder.with_name("elsewhere").rename(folder)
            for file in folder.glob(f"{seed}-{turn - 1}-*.png"):
                file.rename(file.with_suffix(".jpg"))
        scan(project)


def _files(project: Project) -> set[str]:
    root = roots(project)[0].path
    return {str(file.relative_to(root)) for file in root.rglob("*") if file.suffix in (".png", ".jpg")}


def _known(project: Project) -> set[str]:
    return {path for (path,) in project.db.execute("SELECT path FROM images WHERE state = 1")}


def _say(words: State) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
