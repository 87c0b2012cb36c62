"""Filters, search, and a list that never shifts under the pointer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pudm_gui.project.images import image_ids
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import ImageFilter, Label
from tests.gui.label.driver import CTRL, Driver


def test_chips_show_counts_and_filter(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=5, normal=3)
    chips = page.page.bar.chips
    assert {name: chip.count for name, chip in chips.items()} == {
        "all": 60,
        "unlabeled": 52,
        "sensitive": 5,
        "normal": 3,
        "unreadable": 0,
        "changed": 0,
    }
    for show, count in (("sensitive", 5), ("normal", 3), ("unlabeled", 52), ("all", 60)):
        page.choose(show)
        assert len(page.page.model) == count


def test_search_and_filter_work_together(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=5)
    page.search("0-")
    assert all("0-" in name for name in page.names())
    both = len(page.names())
    page.choose("sensitive")
    assert 0 < len(page.page.model) <= min(5, both)
    assert all("0-" in name for name in page.names())


def test_esc_in_the_search_field_shows_all_again(page: Driver) -> None:
    page.search("1-")
    QTest.keyClick(page.page.bar.search, Qt.Key.Key_Escape)
    page.qtbot.waitUntil(lambda: len(page.page.model) == 60, timeout=60_000)


def test_a_labeled_image_stays_in_place_until_it_is_put_away(page: Driver) -> None:
    page.choose("unlabeled")
    page.click(4)
    image = int(page.page.model.ids[4])
    page.key(Qt.Key.Key_S)
    assert len(page.page.model) == 60 and int(page.page.model.ids[4]) == image
    assert page.page.model.moved(0, 60).tolist() == [place == 4 for place in range(60)]
    assert page.page.hints.moved.isVisible() and "1 no longer belongs here" in page.page.hints.moved.text()
    page.key(Qt.Key.Key_Z, CTRL)
    assert not page.page.hints.moved.isVisible()
    page.key(Qt.Key.Key_S)
    page.page.hints.moved.click()
    page.qtbot.waitUntil(lambda: len(page.page.model) == 59, timeout=60_000)
    assert not page.page.hints.moved.isVisible()


def test_the_selection_follows_the_images_to_another_list(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=10)
    page.choose("unlabeled")
    page.click(5)
    page.click(6, Qt.KeyboardModifier.ShiftModifier)
    chosen = page.view.chosen_ids().tolist()
    page.choose("all")
    assert page.view.chosen_ids().tolist() == chosen
    assert page.chosen() == [15, 16]


def test_an_empty_filter_says_so_and_leads_back(page: Driver) -> None:
    page.choose("sensitive")
    assert page.page.stack.currentWidget() is page.page.empty
    assert "No image is marked sensitive yet" in page.page.empty.filtered.title.text()
    page.page.empty.filtered.button.click()
    page.settle()
    assert page.page.stack.currentWidget() is page.view
    assert len(page.page.model) == 60


def test_labels_from_elsewhere_show_at_once(page: Driver) -> None:
    project = page.page.session.project
    ids = image_ids(project, ImageFilter())
    page.page.session.labels_changed.emit(set_label(project, ids[7:9], Label.NORMAL))
    assert page.page.model.labels[6:10].tolist() == [0, 2, 2, 0]
    assert page.page.bar.chips["normal"].count == 2


def test_a_label_given_while_the_list_is_asked_for_is_not_lost(page: Driver) -> None:
    page.click(0)
    page.page.model.reload()
    page.key(Qt.Key.Key_S)
    page.settle()
    assert page.page.model.labels[0] == Label.SENSITIVE
    assert np.array_equal(page.page.model.labels, page.labels())


def test_the_arrows_go_on_nearby_when_the_image_they_stood_on_has_left_the_list(page: Driver) -> None:
    page.choose("unlabeled")
    page.click(30)
    following = int(page.page.model.ids[31])
    page.key(Qt.Key.Key_S)
    page.page.model.reload()
    page.settle()
    assert page.chosen() == []  # nothing is chosen that the person did not choose
    assert int(page.page.model.ids[page.view.selection.current]) == following
    page.click(len(page.page.model) - 1)
    page.key(Qt.Key.Key_S)
    page.page.model.reload()
    page.settle()
    assert page.view.selection.current == len(page.page.model) - 1


def test_a_click_on_a_filter_leaves_the_arrow_keys_to_the_images(page: Driver) -> None:
    page.click(3)
    chip = page.page.bar.chips["unlabeled"]
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    page.settle()
    assert page.view.hasFocus()
    page.key(Qt.Key.Key_Right)
    assert chip.isChecked() and page.chosen() == [4]
