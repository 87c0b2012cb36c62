from __future__ import annotations

import random
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pudm_gui.project.connection import connect
from pudm_gui.project.images import image_ids, labels_for
from pudm_gui.project.model import Label
from pudm_gui.project.project import DATABASE, Project
from tests.pudm_gui.project import busy_curator
from tests.pudm_gui.project.conftest import write_image

ROUNDS = 4


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="This system has no SIGKILL.")
def test_nothing_that_was_shown_is_lost_to_a_kill(
    make_project: Callable[..., Project], pictures: Path, tmp_path: Path
) -> None:
    """Killed at some moment of labeling, tagging, importing, reverting and scanning; a hundred times in
    ``bench_store --kills``.
    """
    for number in range(11, 41):
        write_image(pictures / f"img{number}.png", seed=number)
    project = make_project(pictures)
    project.close()
    moments = random.Random(7)
    for turn in range(ROUNDS):
        told = busy_curator.killed(project.path, turn, moments.uniform(0.0, 0.3))
        assert busy_curator.what_is_lost(project.path, told) == []


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
