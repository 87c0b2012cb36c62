"""The panel "History", used as a curator uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pudm_gui.label.history.panel import HistoryPanel
from pudm_gui.project.history import history
from pudm_gui.project.labels import apply_labels, set_label
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from pudm_gui.session import Session
from tests.gui.label.driver import CTRL, LEFT, NONE, SHIFT, Driver, pixels


def open_history(page: Driver) -> HistoryPanel:
    page.page.show_panel("history")
    return cast(HistoryPanel, page.page.side.panel("history"))


def titles(panel: HistoryPanel) -> list[str]:
    model = panel.model
    return [model.data(model.index(row)) for row in range(model.rowCount())]


def click_row(page: Driver, panel: HistoryPanel, row: int) -> None:
    place = panel.list.visualRect(panel.model.index(row)).center()
    QTest.mouseClick(panel.list.viewport(), LEFT, NONE, place)
    page.qtbot.waitUntil(lambda: page.page.model.filter.within is not None, timeout=60_000)
    page.settle()


def mark(page: Driver, first: int, last: int, key: Qt.Key) -> None:
    page.click(first)
    page.click(last, SHIFT)
    page.key(key)
    page.settle()


def test_it_fills_as_one_labels_and_strikes_out_what_is_undone(page: Driver) -> None:
    panel = open_history(page)
    assert panel.empty.isVisible()
    mark(page, 0, 4, Qt.Key.Key_S)
    assert panel.list.isVisible() and titles(panel) == ["5 images marked sensitive"]
    mark(page, 5, 5, Qt.Key.Key_N)
    page.key(Qt.Key.Key_Z, CTRL)
    page.settle()
    assert titles(panel) == ["Undid: 1 image marked normal", "1 image marked normal", "5 images marked sensitive"]
    undone = panel.model.entry(1)
    assert undone is not None and undone.undone and panel._words.details(undone).endswith("undone")
    sharp = pixels(panel.list.viewport().grab(panel.list.visualRect(panel.model.index(1))).toImage())
    page.key(Qt.Key.Key_Z, CTRL | SHIFT)
    page.settle()
    again = pixels(panel.list.viewport().grab(panel.list.visualRect(panel.model.index(2))).toImage())
    assert titles(panel)[0] == "Did again: 1 image marked normal"
    assert (sharp != again).any()


def test_an_entry_lists_its_images_and_is_reverted_and_brought_back(page: Driver) -> None:
    mark(page, 0, 4, Qt.Key.Key_S)
    mark(page, 3, 6, Qt.Key.Key_N)
    panel = open_history(page)
    click_row(page, panel, 1)
    assert len(page.page.model) == 5
    assert panel.chosen.title.text() == "5 images marked sensitive"
    panel.chosen.revert.click()
    page.settle()
    page.page.bar.show_all()
    page.settle()
    assert page.labels()[:8] == [0, 0, 0, 2, 2, 2, 2, 0]
    assert page.page.hints.note.full_text.startswith("Reverted: 5 images marked sensitive (3 of them")
    assert panel.entry is not None and panel.entry.undone  # the entry stays chosen, though a new one stands above
    assert panel.chosen.state.text() == "Reverted: it no longer counts."
    assert panel.chosen.revert.text() == "Bring it back"
    panel.chosen.revert.click()
    page.settle()
    assert page.labels()[:8] == [1, 1, 1, 2, 2, 2, 2, 0]
    assert titles(panel)[0] == "Brought back: a revert of 3 images"


def test_the_keyboard_reaches_all_of_it(page: Driver) -> None:
    for index in range(3):
        mark(page, index, index + index, Qt.Key.Key_S)
    panel = open_history(page)
    panel.list.setFocus()
    for _ in range(2):
        QTest.keyClick(panel.list, Qt.Key.Key_Down)
    assert panel.entry is not None and panel.entry.count == 1
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    page.qtbot.waitUntil(lambda: len(page.page.model) == panel.entry.count, timeout=60_000)
    assert panel.list.hasFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Tab)
    assert panel.chosen.show_images.hasFocus()
    QTest.keyClick(panel.chosen.show_images, Qt.Key.Key_Tab)
    assert panel.chosen.revert.hasFocus()
    QTest.keyClick(panel.chosen.revert, Qt.Key.Key_Space)
    page.settle()
    assert panel.model.entry(0).kind == "revert"


def test_tags_imports_and_long_histories(page: Driver) -> None:
    project = page.page.session.project
    ids = page.page.model.ids
    for number in range(150):
        set_label(project, ids[number % 60 : number % 60 + 1], Label(1 + number // 60 % 2))
    with project.writing() as db:
        wanted = {Label.SENSITIVE: ids[:2], Label.NORMAL: ids[2:9]}
        apply_labels(project, db, wanted, kind="import", source="import", annotator="b\udce9", note="theirs.csv")
    page.page.actions_on_labels.tag(ids[:2], added=["face", "hand"], removed=["none"])
    page.settle()
    panel = open_history(page)
    assert panel.model.rowCount() == 152
    assert titles(panel)[:2] == ["2 images tagged face, hand", "9 images labeled from theirs.csv"]
    panel.list.setCurrentIndex(panel.model.index(1))
    assert panel.chosen.facts.text().splitlines()[0] == "By b�"
    panel.list.setCurrentIndex(panel.model.index(0))
    assert "+face  +hand" in panel.chosen.facts.text()
    panel.list.verticalScrollBar().setValue(panel.list.verticalScrollBar().maximum())
    panel.list.viewport().grab()
    assert panel.model.entry(151).id == 1 and panel.model.entry(152) is None
    panel.list.setCurrentIndex(panel.model.index(151))
    page.page.actions_on_labels.mark(ids[:1], Label.NORMAL)
    page.settle()
    assert panel.entry is not None and panel.entry.id == 1  # the list may grow meanwhile


def test_a_read_only_project_shows_its_history_and_keeps_it(
    page_of: Callable[..., Driver], open_page: Callable[[Session], Driver], digits: Path
) -> None:
    first = page_of(digits, sensitive=3)
    session = Session(Project.open(first.page.session.project.path, read_only=True))
    page = open_page(session)
    panel = open_history(page)
    click_row(page, panel, 0)
    assert np.array_equal(np.sort(page.page.model.ids), np.arange(1, 4))
    assert not panel.chosen.revert.isEnabled()
    assert len(history(session.project)) == 1
    page.page.close()
    session.close()
