"""The page before there is anything to label, and while images are being found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFileDialog

from pudm_gui.label.settings import LabelSettings
from pudm_gui.project.project import Project
from pudm_gui.session import Session
from tests.gui.label.driver import Driver


def test_without_images_it_offers_to_add_a_folder(
    open_page: Callable[[Session], Driver], tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(Project.create(tmp_path / "empty.pudm"))
    page = open_page(session)
    states = page.page.empty
    assert page.page.stack.currentWidget() is states and states.currentWidget() is states.nothing
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(digits))
    with page.qtbot.waitSignal(session.scan_finished, timeout=60_000):
        states.nothing.button.click()
    page.qtbot.waitUntil(lambda: len(page.page.model) == 60, timeout=60_000)
    assert page.page.stack.currentWidget() is page.view
    page.page.close()
    session.close()


def test_a_folder_that_is_none_is_refused_in_words(open_page: Callable[[Session], Driver], tmp_path: Path) -> None:
    session = Session(Project.create(tmp_path / "empty.pudm"))
    page = open_page(session)
    with page.qtbot.waitSignal(session.message) as said:
        page.page.add_folder(tmp_path / "nowhere")
    assert said.args[1] == "error" and "nowhere" in said.args[0]
    page.page.close()
    session.close()


def test_images_that_appear_keep_what_is_in_sight(page: Driver, digits: Path, tmp_path: Path) -> None:
    import shutil

    more = tmp_path / "more"
    shutil.copytree(digits, more)
    page.page.set_tile(220)
    page.view.go_to(40)
    page.settle()
    image, top = int(page.page.model.ids[40]), page.tile(40).top()
    session = page.page.session
    with page.qtbot.waitSignal(session.scan_finished, timeout=60_000):
        page.page.add_folder(more)
    page.qtbot.waitUntil(lambda: len(page.page.model) == 120, timeout=60_000)
    place = page.page.model.place(image)
    assert place is not None and page.tile(place).top() == top
    assert page.chosen() == [place]


def test_how_it_looks_is_remembered(page: Driver, open_page: Callable[[Session], Driver]) -> None:
    page.page.set_tile(200)
    page.page.hints.going_on.next.trigger()
    page.page.bar.close_up.click()
    page.page.close()
    loaded = LabelSettings.load()
    assert (loaded.tile, loaded.advance, loaded.close_up) == (200, True, False)
    QSettings().setValue("label/strength", 12345)
    assert LabelSettings.load().strength == LabelSettings().strength


def test_the_rail_tells_how_many_are_sensitive(page: Driver) -> None:
    from PySide6.QtCore import Qt

    page.click(0)
    with page.qtbot.waitSignal(page.page.rail_state) as told:
        page.key(Qt.Key.Key_S)
    assert told.args[0].text == "1"
