"""Who gave which label: after undo, redo and revert, after files changed, and in projects of the second format."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from pudm_gui.project.agreement import people
from pudm_gui.project.history import history, history_size, image_history
from pudm_gui.project.images import counts, image_rows, labels_for
from pudm_gui.project.labels import redo, set_label, undo
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.project.reverting import revert
from pudm_gui.project.tags import tag_images
from tests.pudm_gui.project.conftest import can_redo, project_of_format, set_tags

S, N, U = Label.SENSITIVE, Label.NORMAL, Label.UNLABELED


@pytest.fixture
def second_format(tmp_path: Path) -> Path:
    """Six images; ann marked 1 to 3 sensitive, then bo 2 to 4 normal; the rest was undone."""
    return project_of_format(2, tmp_path / "old.pudm")


def words(project: Project, ids: Ids) -> str:
    return "".join("USN"[label] for label in labels_for(project, ids).tolist())


def givers(project: Project, ids: Ids) -> list[str]:
    return [row.annotator for row in image_rows(project, ids)]


def changed_files(project: Project, ids: Ids) -> None:
    """As a scan notes it."""
    with project.writing() as db:
        db.executemany("UPDATE images SET changed = 1 WHERE id = ?", [(id_,) for id_ in ids.tolist()])


def changed(project: Project, ids: Ids) -> list[bool]:
    return [row.changed for row in image_rows(project, ids)]


def test_a_project_of_the_second_format_learns_who_gave_what(second_format: Path) -> None:
    ids = np.arange(1, 7)
    with Project.open(second_format, annotator="cy") as project:
        assert words(project, ids) == "SNNNUU"
        assert givers(project, ids) == ["ann", "bo", "bo", "bo", "", ""]
        assert [entry.undone for entry in history(project)] == [False, False, False, True, False, True, False, False]
        [pair] = people(project).agreements
        assert (pair.first, pair.second, pair.disputed.tolist()) == ("ann", "bo", [2, 3])
        undo(project)
        assert (words(project, ids), givers(project, ids[:4])) == ("SSSUUU", ["ann", "ann", "ann", ""])
        redo(project)
        revert(project, 1)  # though bo came later
        assert (words(project, ids), givers(project, ids[:4])) == ("UNNNUU", ["", "bo", "bo", "bo"])
        revert(project, 2)
        assert words(project, ids) == "UUUUUU"
        assert (counts(project).sensitive, counts(project).normal) == (0, 0)


def test_a_tag_older_than_the_history_of_tags_comes_back(second_format: Path) -> None:
    with Project.open(second_format) as project:
        set_tags(project, 1, ["hand"])
        removed = history_size(project)
        tag_images(project, np.array([1]), added=["nose"])
        revert(project, removed)
        assert image_rows(project, [1])[0].tags == ("face", "nose")


def test_revert_leaves_what_came_later_and_can_be_undone(project: Project, ids: Ids) -> None:
    set_label(project, ids[:6], S)
    set_label(project, ids[4:8], N)
    assert revert(project, 1) is not None
    assert words(project, ids[:8]) == "UUUUNNNN"
    entries = history(project)
    assert [(entry.kind, entry.undone, entry.revertible) for entry in entries] == [
        ("revert", False, True),
        ("label", False, True),
        ("label", True, False),
    ]
    assert (entries[0].target, entries[0].target_kind, entries[0].target_count, entries[2].reverted_by) == (
        *(1, "label", 6),
        entries[0].id,
    )
    assert revert(project, 1) is None
    undo(project)
    assert words(project, ids[:8]) == "SSSSNNNN"
    assert can_redo(project)


def test_a_revert_that_would_change_nothing_is_none(project: Project, ids: Ids) -> None:
    set_label(project, ids[:2], S)
    set_label(project, ids[:2], N)
    assert revert(project, 1) is None
    assert history_size(project) == 2


def test_a_revert_is_brought_back_below_what_came_later(project: Project, ids: Ids) -> None:
    set_label(project, ids[:6], S)
    revert(project, 1)
    set_label(project, ids[:2], N)
    revert(project, 2)
    assert words(project, ids[:6]) == "NNSSSS"
    assert [entry.undone for entry in history(project)] == [False, False, True, False]
    revert(project, 3)  # under the later label is that which was brought back
    assert words(project, ids[:6]) == "SSSSSS"
    with pytest.raises(KeyError):
        revert(project, 4)
    with pytest.raises(KeyError):
        revert(project, 99)


def test_tags_put_on_again_later_survive_a_revert(project: Project, ids: Ids) -> None:
    tag_images(project, ids[:2], added=["face"])
    tag_images(project, ids[:1], removed=["face"])
    tag_images(project, ids[:1], added=["face"])
    revert(project, 1)
    assert [row.tags for row in image_rows(project, ids[:2])] == [("face",), ()]


def test_the_note_of_a_changed_file_goes_and_comes_with_the_label(project: Project, ids: Ids) -> None:
    set_label(project, ids[:3], S)
    changed_files(project, ids[:2])
    change = set_label(project, ids[:3], S)
    assert change is not None and change.ids.tolist() == ids[:2].tolist()  # it still holds: that is news
    assert changed(project, ids[:3]) == [False, False, False]
    undo(project)
    assert changed(project, ids[:3]) == [True, True, False]
    redo(project)
    assert changed(project, ids[:3]) == [False, False, False]
    assert words(project, ids[:3]) == "SSS"


def test_the_history_of_an_image_names_its_own_label_and_tags(project: Project, ids: Ids) -> None:
    set_label(project, ids[:2], S)
    tag_images(project, ids[:2], added=["b", "a"], removed=["c"])
    set_tags(project, int(ids[0]), ["a", "c"])
    assert [(entry.kind, entry.label, entry.tags) for entry in image_history(project, ids[0])] == [
        ("tag", None, ("+c", "-b")),
        ("tag", None, ("+a", "+b")),
        ("label", S, ()),
    ]


@pytest.mark.parametrize("sql", ["UPDATE tag_history SET added = 0", "DELETE FROM tag_history"])
def test_the_history_of_tags_is_append_only(project: Project, ids: Ids, sql: str) -> None:
    tag_images(project, ids[:1], added=["face"])
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), project.writing() as db:
        db.execute(sql)


def test_a_page_of_a_long_history_costs_the_same_as_of_a_short_one(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], S)
    short = steps_of_history(project, 0)
    with project.writing() as db:  # every fourth action undoes the one before
        db.execute(
            """WITH RECURSIVE n(id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < 20000)
            INSERT INTO actions
            (id, at, kind, annotator, source, label, count, target, parent, head, sensitive, normal)
            SELECT id, 0, iif(id % 4 = 3, 'undo', 'label'), 'ann', 'hand', 1, 1, iif(id % 4 = 3, id - 1, NULL),
            iif(id % 4 = 3, NULL, id - 1 - (id % 4 = 0)), iif(id % 4 = 3, id - 2, id), 1, 0 FROM n"""
        )
    assert short < 10
    assert steps_of_history(project, 0) < 60 and steps_of_history(project, 10_000) < 60
    assert sum(entry.undone for entry in history(project)) == 50


def steps_of_history(project: Project, before: int) -> int:
    """Thousands of SQLite's instructions that a page takes."""
    steps: list[int] = []
    project.db.set_progress_handler(lambda: steps.append(1), 1000)
    history(project, before=before or None)
    project.db.set_progress_handler(None, 0)
    return len(steps)
