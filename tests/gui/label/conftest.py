"""A Label page on real digits, in a window that is on the (offscreen) screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pudm_gui.jobs import JobRunner
from pudm_gui.label import in_order
from pudm_gui.label.page import LabelPage
from pudm_gui.session import Session
from pudm_gui.theme import apply_theme
from tests.gui.label.driver import Driver


@pytest.fixture
def open_page(
    qtbot: QtBot, qapp: QApplication, jobs: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Session], Driver]]:
    """``open_page(session)``: the page of a session, shown and loaded."""
    monkeypatch.setattr(in_order, "PATIENCE", 1.0)  # small actions are done at once on a busy machine too
    apply_theme(qapp, "light")
    pages: list[LabelPage] = []

    def open_(session: Session) -> Driver:
        page = LabelPage(session, jobs)
        qtbot.addWidget(page)
        pages.append(page)
        page.resize(1200, 700)
        with qtbot.waitActive(page):
            page.show()
            page.activateWindow()
        page.shown()
        driver = Driver(page, qtbot)
        driver.settle()
        return driver

    yield open_
    for page in pages:
        page.close()


@pytest.fixture
def page(open_page: Callable[[Session], Driver], session: Session) -> Driver:
    """The page on 60 unlabeled digits."""
    return open_page(session)


@pytest.fixture
def page_of(open_page: Callable[[Session], Driver], make_session: Callable[..., Session]) -> Callable[..., Driver]:
    """``page_of(folder, sensitive=…)``: the page on a folder of images."""

    def make(folder: Path, **choices: int) -> Driver:
        return open_page(make_session(folder, **choices))

    return make
