"""Actions that take longer than the window waits: their order, their words, and what is on the screen meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pudm_gui.label.in_order import InOrder
from pudm_gui.project import labels
from pudm_gui.project.history import history
from pudm_gui.project.images import labels_for
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Label
from pudm_gui.project.tags import tag_counts
from tests.gui.label.driver import CTRL, SHIFT, Driver
from training.errors import UserError


@pytest.fixture
def slow_labels(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Labeling more than one image waits until the event is set."""
    go_on, really = threading.Event(), labels.set_label

    def slow(project, ids, label, source="hand"):
        if len(ids) > 1:
            go_on.wait(30)
        return really(project, ids, label, source)

    monkeypatch.setattr("pudm_gui.label.actions.labels.set_label", slow)
    yield go_on
    go_on.set()


def press(page: Driver, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Without waiting for what the key does."""
    QTest.keyClick(page.view, key, modifier)


def said(page: Driver) -> str:
    return page.page.hints.note.full_text


def test_pieces_of_work_keep_their_order_and_all_are_told(qtbot: QtBot) -> None:
    owner, go_on, told = QObject(), threading.Event(), []
    work = InOrder(owner)
    assert work.run(lambda: 1, told.append, told.append) and told == [1]
    assert not work.run(lambda: go_on.wait(30), told.append, told.append)
    assert not work.run(lambda: 2, told.append, told.append)
    assert not work.run(lambda: 1 / 0, told.append, lambda error: told.append(type(error)))
    assert work.busy and told == [1]
    go_on.set()
    qtbot.waitUntil(lambda: not work.busy)
    assert told == [1, True, 2, ZeroDivisionError]
    work.close()
    assert not work.run(lambda: 3, told.append, told.append)


def test_closing_waits_for_work_that_was_asked_for(qtbot: QtBot) -> None:
    owner, go_on, told = QObject(), threading.Event(), []
    work = InOrder(owner)
    for _ in range(3):
        work.run(lambda: go_on.wait(30), told.append, told.append)
    threading.Timer(0.05, go_on.set).start()
    work.close()
    assert told == [True, True, True] and not work.busy


def test_a_label_is_on_the_screen_no_earlier_than_on_the_disk(page: Driver, slow_labels: threading.Event) -> None:
    page.click(2)
    page.click(5, SHIFT)
    press(page, Qt.Key.Key_S)
    assert page.page.busy and said(page) == "Marking 4 images sensitive…"
    assert not page.page.model.labels.any()
    slow_labels.set()
    assert page.labels()[:7] == [0, 0, 1, 1, 1, 1, 0]
    assert page.page.model.labels.tolist() == page.labels()
    assert said(page) == "4 images marked sensitive"


def test_keys_pressed_meanwhile_are_done_afterwards_in_their_order(page: Driver, slow_labels: threading.Event) -> None:
    page.key(Qt.Key.Key_A, CTRL)
    press(page, Qt.Key.Key_S)
    page.click(7)
    press(page, Qt.Key.Key_N)
    press(page, Qt.Key.Key_Z, CTRL)
    assert not page.page.model.labels.any()
    slow_labels.set()
    assert page.labels() == [1] * 60
    assert [entry.kind for entry in history(page.page.session.project)] == ["undo", "label", "label"]
    assert said(page) == "Undid: 1 image marked normal"


def test_closing_the_page_lets_labels_through(page: Driver, slow_labels: threading.Event) -> None:
    page.key(Qt.Key.Key_A, CTRL)
    press(page, Qt.Key.Key_N)
    threading.Timer(0.05, slow_labels.set).start()
    page.page.close()
    project = page.page.session.project
    assert (labels_for(project, page.page.model.ids) == Label.NORMAL).all()


def test_a_failure_is_told_and_nothing_is_shown(page: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise UserError("The disk is full; make room and do it again.")

    monkeypatch.setattr("pudm_gui.label.actions.labels.set_label", full)
    page.click(3)
    with page.qtbot.waitSignal(page.page.session.message) as told:
        page.key(Qt.Key.Key_S)
    assert told.args == ["The disk is full; make room and do it again.", "error"]
    assert not page.page.model.labels.any()


def test_many_different_labels_are_read_again_on_a_thread(page: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pudm_gui.label.grid.model.FEW", 3)
    project, ids = page.page.session.project, page.page.model.ids
    for label, some in ((Label.SENSITIVE, ids[:20]), (Label.NORMAL, ids[20:40])):
        page.page.session.labels_changed.emit(set_label(project, some, label))
    change = set_label(project, ids[10:50], Label.SENSITIVE)
    assert change is not None
    page.page.session.labels_changed.emit(change)
    undone = labels.undo(project)
    assert undone is not None and undone.label is None
    page.page.session.labels_changed.emit(undone)
    assert page.page.model.busy
    later = set_label(project, ids[:1], Label.NORMAL)
    page.page.session.labels_changed.emit(later)  # comes while the labels are being read
    page.settle()
    assert page.page.model.labels.tolist() == page.labels()
    assert page.page.model.labels[0] == Label.NORMAL


@pytest.mark.parametrize(
    ("act", "undone"),
    [
        (lambda actions, ids: actions.tag(ids[:3], ["face"]), "Undid: 3 images tagged face"),
        (lambda actions, ids: actions.mark(ids[:2], Label.NORMAL), "Undid: 2 images marked normal"),
        (lambda actions, ids: actions.revert(1), "Undid: the revert of 4 images marked sensitive"),
    ],
)
def test_undo_names_what_it_takes_back(page: Driver, act: Callable[..., None], undone: str) -> None:
    actions, ids = page.page.actions_on_labels, page.page.model.ids
    actions.mark(ids[:4], Label.SENSITIVE)
    page.wait_for_labels()
    before = page.labels()
    act(actions, ids)
    page.key(Qt.Key.Key_Z, CTRL)
    assert said(page) == undone
    assert page.labels() == before and not tag_counts(page.page.session.project)
    page.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert said(page) == undone.replace("Undid", "Did again")


def test_a_revert_says_what_is_left_of_it_and_shows_that(page: Driver) -> None:
    actions, ids = page.page.actions_on_labels, page.page.model.ids
    actions.mark(ids[:4], Label.SENSITIVE)
    actions.mark(ids[:1], Label.NORMAL)
    actions.revert(1)
    page.wait_for_labels()
    assert said(page) == "Reverted: 4 images marked sensitive (3 of them; the others were labeled anew since)"
    assert page.labels()[:4] == [2, 0, 0, 0] and page.chosen() == [1, 2, 3]
    actions.revert(1)
    page.wait_for_labels()
    assert said(page).startswith("Nothing to revert")
    actions.revert(3)
    page.wait_for_labels()
    assert page.labels()[:4] == [2, 1, 1, 1] and said(page) == "Brought back: 3 images marked sensitive"


def test_counts_stay_right_where_images_cannot_be_read(page: Driver) -> None:
    project, model = page.page.session.project, page.page.model
    with project.writing() as db:
        db.execute("UPDATE images SET problem = 'broken' WHERE id <= 2")
    model.reload()
    page.settle()
    page.page.actions_on_labels.mark(np.array([1, 5]), Label.SENSITIVE)
    page.wait_for_labels()
    page.qtbot.waitUntil(lambda: model.counts.unlabeled == 57)
    assert (model.counts.total, model.counts.sensitive, model.counts.unreadable) == (60, 1 + 1, 2)
