from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from pudm_gui.project.history import history, image_history
from pudm_gui.project.images import counts, image_ids, labels_for
from pudm_gui.project.labels import redo, set_label, undo
from pudm_gui.project.model import Change, Counts, Ids, ImageFilter, Label
from pudm_gui.project.project import Project
from tests.pudm_gui.project.conftest import can_redo, can_undo

S, N, U = Label.SENSITIVE, Label.NORMAL, Label.UNLABELED


def words(project: Project, ids: Ids) -> str:
    return "".join("USN"[label] for label in labels_for(project, ids).tolist())


def changed(change: Change | None) -> list[int]:
    assert change is not None
    return sorted(change.ids.tolist())


def test_set_label_tells_only_what_changed(project: Project, ids: Ids) -> None:
    set_label(project, ids[:2], S)
    change = set_label(project, ids[:4], S)
    assert changed(change) == ids[2:4].tolist()
    assert change is not None and (change.kind, change.label, change.count) == ("label", S, 2)
    assert words(project, ids) == "SSSSUUUUUU"


def test_nothing_to_change_is_none_and_leaves_no_history(project: Project, ids: Ids) -> None:
    assert set_label(project, ids, U) is None
    assert set_label(project, ids[:0], S) is None
    assert history(project) == []
    assert not can_undo(project)


def test_an_id_named_twice_changes_once(project: Project, ids: Ids) -> None:
    change = set_label(project, np.array([ids[0], ids[0]]), S)
    assert change is not None and change.count == 1
    assert counts(project).sensitive == 1


def test_label_of_an_image_that_does_not_exist_is_refused_whole(project: Project, ids: Ids) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        set_label(project, np.append(ids, 10_000), S)
    assert words(project, ids) == "UUUUUUUUUU"
    assert history(project) == []


def test_undo_and_redo_of_any_depth(project: Project, ids: Ids) -> None:
    states = [words(project, ids)]
    for step, label in enumerate([S, N, U, S, N, N, S]):
        set_label(project, ids[step : step + 3], label)
        states.append(words(project, ids))
    for before in reversed(states[:-1]):
        assert undo(project) is not None
        assert words(project, ids) == before
    assert undo(project) is None and not can_undo(project)
    for after in states[1:]:
        assert can_redo(project)
        assert redo(project) is not None
        assert words(project, ids) == after
    assert redo(project) is None and not can_redo(project)


def test_undo_restores_labels_that_differed(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], S)
    set_label(project, ids[1:2], N)
    set_label(project, ids[:3], N)
    change = undo(project)
    assert words(project, ids[:3]) == "SNU"
    assert changed(change) == [ids[0], ids[2]]
    assert change is not None and change.label is None


def test_new_label_after_undo_clears_redo(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], S)
    set_label(project, ids[1:2], S)
    undo(project)
    set_label(project, ids[2:3], N)
    assert not can_redo(project)
    assert redo(project) is None
    undo(project)
    undo(project)
    assert words(project, ids) == "UUUUUUUUUU"
    redo(project)
    redo(project)
    assert words(project, ids) == "SUNUUUUUUU"


def test_undo_and_redo_survive_a_restart(project: Project, ids: Ids) -> None:
    set_label(project, ids[:2], S)
    set_label(project, ids[2:4], N)
    undo(project)
    project.close()
    with Project.open(project.path) as again:
        assert can_undo(again) and can_redo(again)
        redo(again)
        assert words(again, ids) == "SSNNUUUUUU"
    with Project.open(project.path) as again:
        undo(again)
        undo(again)
        assert words(again, ids) == "UUUUUUUUUU"


def test_history_tells_who_did_what_and_what_is_undone(project: Project, ids: Ids) -> None:
    set_label(project, ids[:2], S, source="suggestion")
    set_label(project, ids[2:3], N)
    undo(project)
    entries = history(project)
    assert [(e.kind, e.label, e.count, e.source, e.undone) for e in entries] == [
        ("undo", U, 1, "hand", False),
        ("label", N, 1, "hand", True),
        ("label", S, 2, "suggestion", False),
    ]
    assert {entry.annotator for entry in entries} == {"ann"}
    assert history(project, limit=1) == entries[:1]
    redo(project)
    assert [entry.undone for entry in history(project)] == [False, False, False, False]


def test_image_history_is_that_of_one_image(project: Project, ids: Ids) -> None:
    set_label(project, ids[:2], S)
    set_label(project, ids[:1], N)
    undo(project)
    assert [(e.kind, e.label) for e in image_history(project, ids[0])] == [("undo", S), ("label", N), ("label", S)]
    assert [(e.kind, e.label) for e in image_history(project, ids[1])] == [("label", S)]
    assert image_history(project, ids[5]) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE label_history SET new = 2",
        "DELETE FROM label_history",
        "UPDATE actions SET annotator = 'someone else'",
        "DELETE FROM actions",
        "INSERT OR REPLACE INTO label_history SELECT action_id, image_id, 0, 2, old_by, new_by, 0 FROM label_history",
        "INSERT OR REPLACE INTO actions SELECT * FROM actions",
        "DELETE FROM images",
    ],
)
def test_history_is_append_only(project: Project, ids: Ids, sql: str) -> None:
    set_label(project, ids[:1], S)
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|images stay"), project.writing() as db:
        db.execute(sql)
    assert image_history(project, ids[0])[0].label == S


def test_counts_and_filters_follow_labels(project: Project, ids: Ids) -> None:
    set_label(project, ids[:3], S)
    set_label(project, ids[3:4], N)
    assert counts(project) == Counts(total=10, unlabeled=6, sensitive=3, normal=1, unreadable=0)
    assert image_ids(project, ImageFilter("sensitive")).tolist() == ids[:3].tolist()
    assert image_ids(project, ImageFilter("normal")).tolist() == ids[3:4].tolist()
    assert image_ids(project, ImageFilter("unlabeled")).tolist() == ids[4:].tolist()
