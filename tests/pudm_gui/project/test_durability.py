from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from pudm_gui.project.connection import connect
from pudm_gui.project.history import history
from pudm_gui.project.images import image_ids, labels_for
from pudm_gui.project.labels import can_undo, undo
from pudm_gui.project.model import Label
from pudm_gui.project.project import DATABASE, Project

LABELER = """
import sys
from pathlib import Path
from pudm_gui.project.images import image_ids
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project

project = Project.open(Path(sys.argv[1]))
ids = image_ids(project)
start = int(sys.argv[2])
print("ready", flush=True)
for turn in range(start, 1_000_000):
    index, label = turn % len(ids), Label(1 + turn // len(ids) % 2)
    set_label(project, ids[index : index + 1], label)
    print(turn, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="This system has no SIGKILL.")
def test_label_survives_kill(project: Project) -> None:
    """Ten times: label in a loop, say so after each, be killed at some moment. What was said is there."""
    path, total = project.path, len(image_ids(project))
    project.close()
    moments, turn = random.Random(7), 0
    for _ in range(10):
        turn = _killed_while_labeling(path, turn, moments.uniform(0.0, 0.08))
        with Project.open(path) as again:
            assert again.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            labels = labels_for(again, image_ids(again)).tolist()
            latest = len(history(again, limit=1_000_000)) - 1  # the label under way may have made it too
            assert latest in (turn, turn + 1)
            for said in range(max(0, latest - total + 1), latest + 1):
                assert labels[said % total] == Label(1 + said // total % 2)
            turn = latest + 1
            assert can_undo(again)
    with Project.open(path) as again:
        while undo(again):
            pass
        assert not labels_for(again, image_ids(again)).any()


def _killed_while_labeling(path: Path, start: int, seconds: float) -> int:
    """The last turn that the labeler told of before it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", LABELER, str(path), str(start)], stdout=subprocess.PIPE, text=True
    ) as labeler:
        assert labeler.stdout is not None
        assert labeler.stdout.readline() == "ready\n"
        first = int(labeler.stdout.readline())
        time.sleep(seconds)  # the moment of the kill is the point of the test
        os.kill(labeler.pid, signal.SIGKILL)
        said = [int(line) for line in labeler.stdout.read().split("\n")[:-1]]
    return said[-1] if said else first


def test_labels_are_flushed_to_the_disk_before_returning(project: Project) -> None:
    assert project.db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert project.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_stranger_s_project_cannot_run_functions_from_its_schema(project: Project) -> None:
    with closing(connect(project.path / DATABASE)) as db:
        assert db.execute("PRAGMA trusted_schema").fetchone() == (0,)
    assert project.db.execute("PRAGMA trusted_schema").fetchone() == (0,)


def test_full_disk_is_told_and_nothing_changes(project: Project) -> None:
    from pudm_gui.project.labels import set_label
    from training.errors import UserError

    ids = image_ids(project)
    pages = project.db.execute("PRAGMA page_count").fetchone()[0]
    project.db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite answers as on a full disk
    with pytest.raises(UserError, match="full"):
        for _ in range(2000):
            set_label(project, ids, Label.SENSITIVE)
            set_label(project, ids, Label.NORMAL)
    before = labels_for(project, ids).tolist()
    project.close()
    with Project.open(project.path) as again:
        assert labels_for(again, ids).tolist() == before
        assert set_label(again, ids[:1], Label.UNLABELED) is not None
