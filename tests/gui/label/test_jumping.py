"""Keys that go through a long list quickly, and selections that are turned around or come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt

from pudm_gui.label.settings import LabelSettings
from pudm_gui.project.model import Label
from tests.gui.label.driver import CTRL, SHIFT, Driver


def said(page: Driver) -> str:
    return page.page.hints.note.full_text


def test_the_next_and_the_previous_unlabeled_image(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=5, normal=3)
    page.key(Qt.Key.Key_Home)
    page.key(Qt.Key.Key_Period)
    assert page.chosen() == [8]
    page.key(Qt.Key.Key_Right, CTRL)
    assert page.chosen() == [9]
    page.key(Qt.Key.Key_Left, CTRL)
    assert page.chosen() == [8]
    page.key(Qt.Key.Key_Comma)
    assert page.chosen() == [59] and said(page) == "On from the end"
    page.key(Qt.Key.Key_Period)
    assert page.chosen() == [8] and said(page) == "On from the beginning"


def test_images_that_cannot_be_read_are_passed_over(page: Driver) -> None:
    with page.page.session.project.writing() as db:
        db.execute("UPDATE images SET problem = 'broken' WHERE id IN (?, ?)", page.page.model.ids[1:3].tolist())
    page.page.model.reload()
    page.settle()
    page.click(0)
    page.key(Qt.Key.Key_Period)
    assert page.chosen() == [3]


def test_with_every_image_labeled_a_jump_says_so(page: Driver) -> None:
    page.key(Qt.Key.Key_A, CTRL)
    page.key(Qt.Key.Key_N)
    page.key(Qt.Key.Key_Period)
    assert said(page) == "Every image in this list is labeled"
    assert len(page.chosen()) == 60


def test_labeling_goes_on_to_the_next_unlabeled_image(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=5)
    page.key(Qt.Key.Key_Home)
    page.page.hints.going_on.next_unlabeled.trigger()
    assert page.page.hints.going_on.text().startswith("After labeling: next unlabeled")
    page.key(Qt.Key.Key_N)
    assert page.chosen() == [5]
    page.key(Qt.Key.Key_S)
    assert page.chosen() == [6] and page.labels()[:7] == [2, 1, 1, 1, 1, 1, 0]
    page.page.close()
    assert LabelSettings.load().advance and LabelSettings.load().skip_labeled


def test_a_selection_is_turned_around(page: Driver) -> None:
    page.click(10)
    page.click(49, SHIFT)
    page.key(Qt.Key.Key_I, CTRL)
    assert page.view.selection.chosen.ranges == [(0, 10), (50, 60)]
    page.key(Qt.Key.Key_I, CTRL)
    assert page.view.selection.chosen.ranges == [(10, 50)]


def test_a_lost_selection_is_offered_again(page: Driver) -> None:
    former = page.page.hints.former
    page.click(3)
    assert not former.isVisible()
    page.click(14, SHIFT)
    page.click(40)
    assert former.isVisible() and former.text() == "Bring 12 selected back"
    former.click()
    assert page.view.selection.chosen.ranges == [(3, 15)]
    assert not former.isVisible() and page.label_of(3) == Label.UNLABELED
