"""Labeling by mouse and keyboard, as a curator does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pudm_gui.label.grid.tiles import control_rects
from pudm_gui.project.history import history
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from pudm_gui.session import Session
from tests.gui.label.driver import CTRL, LEFT, NONE, SHIFT, Driver, pixels


def test_click_and_s_marks_the_image_and_shows_it(page: Driver) -> None:
    page.click(3)
    before = pixels(page.view.viewport().grab(page.tile(3)).toImage())
    page.key(Qt.Key.Key_S)
    assert page.label_of(3) == Label.SENSITIVE
    assert page.page.model.label(3) == Label.SENSITIVE
    assert (pixels(page.view.viewport().grab(page.tile(3)).toImage()) != before).any()
    assert page.page.bar.chips["sensitive"].count == 1
    assert page.page.bar.chips["unlabeled"].count == 59


def test_the_label_is_in_the_store_when_the_key_returns(page: Driver) -> None:
    page.click(0)
    page.key(Qt.Key.Key_N)
    with Project.open(page.page.session.project.path, read_only=True) as other:
        assert [(entry.label, entry.count) for entry in history(other)] == [(Label.NORMAL, 1)]


def test_shift_marks_a_range_and_u_clears_it(page: Driver) -> None:
    page.click(2)
    page.click(7, SHIFT)
    page.key(Qt.Key.Key_S)
    assert [place for place, label in enumerate(page.labels()) if label] == [2, 3, 4, 5, 6, 7]
    page.key(Qt.Key.Key_U)
    assert not any(page.labels())
    assert page.page.hints.note.full_text == "6 images cleared of their label"


def test_ctrl_click_adds_single_images(page: Driver) -> None:
    page.click(1)
    page.click(5, CTRL)
    page.click(9, CTRL)
    page.click(5, CTRL)
    assert page.chosen() == [1, 9]
    assert page.page.hints.chosen.text() == "2 selected"


def test_rubber_band_takes_what_it_touches(page: Driver) -> None:
    columns = page.view.sight.geometry.columns
    start = page.tile(columns).topLeft()
    start.setX(page.tile(0).left() - 4)
    page.drag(start, page.tile(2 * columns + 1).center())
    assert page.chosen() == [columns, columns + 1, 2 * columns, 2 * columns + 1]
    page.key(Qt.Key.Key_N)
    assert sum(page.labels()) == 4 * Label.NORMAL


def test_rubber_band_scrolls_beyond_the_edge(page: Driver) -> None:
    page.page.set_tile(200)
    page.settle()
    bar = page.view.verticalScrollBar()
    end = page.tile(2).center()
    end.setY(page.view.viewport().height() + 300)
    page.press(page.tile(0).center())
    page.move(end)
    page.qtbot.waitUntil(lambda: bar.value() == bar.maximum(), timeout=60_000)
    wanted = 3 * (page.view.sight.geometry.rows - 1)
    page.qtbot.waitUntil(lambda: len(page.view.selection.chosen) >= wanted, timeout=60_000)
    page.release(end)
    assert not page.view.pointer._timer.isActive() and page.view.pointer.band is None


def test_arrows_home_end_and_pages_move_and_extend(page: Driver) -> None:
    columns = page.view.sight.geometry.columns
    page.key(Qt.Key.Key_Home)
    page.key(Qt.Key.Key_Right)
    page.key(Qt.Key.Key_Down)
    assert page.chosen() == [columns + 1]
    page.key(Qt.Key.Key_Right, SHIFT)
    assert page.chosen() == [columns + 1, columns + 2]
    page.key(Qt.Key.Key_End)
    assert page.chosen() == [59]
    page.key(Qt.Key.Key_PageUp)
    assert page.chosen()[0] % columns == 59 % columns
    page.key(Qt.Key.Key_Home, SHIFT)
    assert page.chosen()[0] == 0


def test_ctrl_a_takes_all_and_esc_nothing(page: Driver) -> None:
    page.key(Qt.Key.Key_A, CTRL)
    assert page.view.selection.chosen.ranges == [(0, 60)]
    page.key(Qt.Key.Key_Escape)
    assert page.chosen() == []


def test_a_selection_lost_to_a_stray_click_comes_back(page: Driver) -> None:
    page.click(4)
    page.click(20, SHIFT)
    page.click(30)
    page.key(Qt.Key.Key_D, CTRL | SHIFT)
    assert page.view.selection.chosen.ranges == [(4, 21)]


def test_undo_says_what_it_undid_and_goes_there(page: Driver) -> None:
    page.page.set_tile(200)
    page.click(0)
    page.click(2, SHIFT)
    page.key(Qt.Key.Key_S)
    page.key(Qt.Key.Key_End)
    assert page.view.verticalScrollBar().value() > 0
    page.key(Qt.Key.Key_Z, CTRL)
    assert not any(page.labels())
    assert page.page.hints.note.full_text == "Undid: 3 images marked sensitive"
    assert page.chosen() == [0, 1, 2]
    assert page.view.verticalScrollBar().value() == 0
    page.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert page.labels()[:4] == [1, 1, 1, 0]
    assert page.page.hints.note.full_text == "Did again: 3 images marked sensitive"


def test_undo_reaches_back_before_the_window_was_opened(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=2)
    page.key(Qt.Key.Key_Z, CTRL)
    assert not any(page.labels())
    page.key(Qt.Key.Key_Z, CTRL)
    assert page.page.hints.note.full_text == "Nothing to undo"


def test_the_small_buttons_mark_with_one_click_and_take_back(page: Driver) -> None:
    page.click(8)
    page.click(10, SHIFT)
    diamond = control_rects(page.tile(1))[Label.SENSITIVE].center()
    QTest.mouseMove(page.view.viewport(), diamond)
    QTest.mouseClick(page.view.viewport(), LEFT, NONE, diamond)
    assert page.label_of(1) == Label.SENSITIVE
    assert page.chosen() == [8, 9, 10]
    QTest.mouseClick(page.view.viewport(), LEFT, NONE, diamond)
    assert page.label_of(1) == Label.UNLABELED


def test_going_on_after_labeling_is_a_choice(page: Driver) -> None:
    page.click(3)
    page.key(Qt.Key.Key_S)
    assert page.chosen() == [3]
    page.page.hints.going_on.next.trigger()
    page.key(Qt.Key.Key_N)
    assert page.chosen() == [4]
    page.key(Qt.Key.Key_N)
    assert page.labels()[3:6] == [Label.NORMAL, Label.NORMAL, Label.UNLABELED]


def test_a_key_without_a_selection_says_what_to_do(page: Driver) -> None:
    page.key(Qt.Key.Key_S)
    assert page.page.hints.note.full_text == "Choose an image first, with a click or the arrow keys"
    assert not any(page.labels())


def test_typing_in_the_search_field_labels_nothing(page: Driver) -> None:
    page.click(0)
    page.key(Qt.Key.Key_F, CTRL)
    QTest.keyClicks(page.page.bar.search, "snu")
    page.settle()
    assert page.page.bar.search.text() == "snu"
    assert history(page.page.session.project) == []


def test_read_only_refuses_with_a_sentence(page: Driver, open_page: Callable[[Session], Driver]) -> None:
    session = Session(Project.open(page.page.session.project.path, read_only=True))
    said: list[tuple[str, str]] = []
    session.message.connect(lambda text, kind: said.append((text, kind)))
    other = open_page(session)
    other.click(0)
    for key in (Qt.Key.Key_S, Qt.Key.Key_N, Qt.Key.Key_U):
        other.key(key)
    other.key(Qt.Key.Key_Z, CTRL)
    QTest.mouseClick(other.view.viewport(), LEFT, NONE, control_rects(other.tile(1))[Label.SENSITIVE].center())
    assert not any(other.labels())
    assert len(said) == 4 and all("Another window" in text and kind == "warning" for text, kind in said)
    other.page.close()
    session.close()


def test_all_are_labeled_as_one_range_and_one_entry(page: Driver) -> None:
    page.key(Qt.Key.Key_A, CTRL)
    page.key(Qt.Key.Key_N)
    assert len(page.view.selection.chosen.ranges) == 1
    assert history(page.page.session.project)[0].count == 60
