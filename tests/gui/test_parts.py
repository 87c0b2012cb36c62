"""The parts that panels are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from pudm_gui.session import Session
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.message import InlineMessage
from pudm_gui.widgets.parts import set_role
from pudm_gui.window import MainWindow


class WindowsShown(QObject):
    """Notes what is shown as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.found.append(type(watched).__name__)
        return False


@pytest.fixture
def shown(qapp: QApplication) -> Iterator[list[str]]:
    """Names of the widgets that were shown as windows."""
    watch = WindowsShown()
    qapp.installEventFilter(watch)
    yield watch.found
    qapp.removeEventFilter(watch)


def test_making_a_part_shows_no_window(qtbot: QtBot, shown: list[str]) -> None:
    for part in (InlineMessage(), InlineMessage("Words", action_text="Do"), EmptyState("Title", "Words", "Do")):
        qtbot.addWidget(part)
    assert shown == []


def test_opening_a_project_shows_no_window_but_its_own(
    qtbot: QtBot, shown: list[str], make_session: Callable[..., Session], digits: Path
) -> None:
    session = make_session(digits)
    session.project.close()
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    window.open_project(session.project.path)
    assert window.workspace is not None
    for page in ("label", "train", "review", "export"):
        window.show_page(page)
    window.workspace.page("label").exchange.start_import()  # type: ignore[attr-defined]
    window.close_project()
    assert shown == ["MainWindow"]


def test_a_message_appears_with_its_words(qtbot: QtBot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    message = InlineMessage("Words", parent=around)
    silent = InlineMessage(parent=around)
    around.show()
    assert message.isVisible() and not silent.isVisible()
    silent.show_message("More", "warning")
    message.show_message("")
    assert silent.isVisible() and not message.isVisible()


def test_another_role_is_another_look(qtbot: QtBot, qapp: QApplication) -> None:
    label = QLabel("Words")
    qtbot.addWidget(label)
    before, sheet = label.palette().windowText().color(), qapp.styleSheet()
    qapp.setStyleSheet('QLabel[role="loud"] { color: rgb(1, 2, 3); }')
    try:
        label.show()
        set_role(label, "loud")
        label.ensurePolished()
        assert label.palette().windowText().color() == QColor(1, 2, 3)
        set_role(label, "")
        assert label.palette().windowText().color() == before
    finally:
        qapp.setStyleSheet(sheet)
