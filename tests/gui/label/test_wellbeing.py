"""How much a curator gets to see: covers, the count of what was seen, and proposals to pause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from pudm_gui.label.grid.tiles import eye_rect
from pudm_gui.label.settings import LabelSettings
from pudm_gui.label.veil import Cover, Strength, Veil
from pudm_gui.label.wellbeing.pause import PauseReminder
from pudm_gui.project.model import Label, Listing
from pudm_gui.session import Session
from tests.gui.label.driver import Driver, detail, pixels

S, N, U = Label.SENSITIVE, Label.NORMAL, Label.UNLABELED
SUGGESTED = Listing("Most likely sensitive", np.arange(1, 10), source="suggestion")


@pytest.fixture
def photos(test_data: Path) -> Path:
    return test_data / "photos" / "vehicles-animals" / "vehicle"


def colourful(picture: np.ndarray) -> bool:
    return bool((np.ptp(picture.astype(int), axis=-1) > 24).any())


def filled(picture: np.ndarray) -> float:
    """The share of a tile that is not its ground."""
    return float((np.abs(picture.astype(int) - picture[0, 0].astype(int)).max(axis=-1) > 12).mean())


def test_which_pictures_are_covered() -> None:
    usual = Cover()
    assert [usual.over(label) for label in (S, N, U)] == [True, False, False]
    assert [usual.over(label, SUGGESTED) for label in (S, N, U)] == [True, False, True]
    assert not usual.over(U, Listing("Similar", np.arange(3)))
    assert not Cover(suspected=False).over(U, SUGGESTED)
    assert not Cover(veiled=False).over(S) and Cover(veiled=False, small=True).over(S)


def test_grey_without_blur_keeps_the_picture_sharp() -> None:
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    grey = Veil(Strength.NONE, grey=True).over(image, native=64)
    assert grey.size() == image.size() and not colourful(pixels(grey))
    assert Veil(Strength.NONE).over(image, native=64) == image


def test_grey_and_small_are_choices_that_are_remembered(page_of: Callable[..., Driver], photos: Path) -> None:
    page = page_of(photos, sensitive=1)
    menu = page.page.bar.wellbeing
    menu.blur.click()
    assert not page.view.veils(0)
    menu.grey.click()
    assert not colourful(page.seen(0)) and colourful(page.seen(1))
    large = filled(page.seen(0))
    menu.small.click()
    assert filled(page.seen(0)) < large / 2
    assert not menu.strengths[Strength.LIGHT].isEnabled()
    page.press(eye_rect(page.tile(0)).center())  # lifts all of it
    assert colourful(page.seen(0)) and filled(page.seen(0)) > large / 2
    page.release(eye_rect(page.tile(0)).center())
    kept = LabelSettings.load()
    assert (kept.blur, kept.grey, kept.small, kept.suspected) == (False, True, True, True)
    assert kept.veil == Veil(Strength.NONE, grey=True)


def test_suggested_images_are_blurred_until_they_are_judged(page_of: Callable[..., Driver], photos: Path) -> None:
    page = page_of(photos)
    listing = Listing("Most likely sensitive", page.page.model.ids[:2].copy(), source="suggestion")
    sharp = detail(page.seen(0))
    page.page.context.show_listing(listing)
    page.qtbot.waitUntil(lambda: len(page.page.model) == 2, timeout=60_000)
    assert detail(page.seen(0)) < sharp / 2
    page.click(0)
    page.settle()
    assert page.page.close_up.peek.isVisible()
    page.key(Qt.Key.Key_N)
    page.settle()
    page.key(Qt.Key.Key_Escape)
    assert not page.view.veils(0) and page.view.veils(1)
    page.page.bar.wellbeing.suspected.click()
    assert not page.view.veils(1)


def test_what_was_seen_is_counted_where_that_is_wanted(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=4)
    page.page.set_tile(200)
    page.settle()
    wellbeing = page.page.wellbeing
    assert not wellbeing.count.isVisible() and wellbeing.seen.count == 0
    page.page.bar.wellbeing.count.click()
    page.page.session.hide_everything = True
    wellbeing.seen.look()
    assert wellbeing.seen.count == 0
    page.page.session.hide_everything = False
    page.settle()
    wellbeing.seen.look()
    in_sight = len(page.view.sight.range())
    assert (wellbeing.seen.count, wellbeing.seen.sensitive) == (in_sight - 4, 0)
    page.click(6)
    page.key(Qt.Key.Key_S)  # was seen, and turned out to be sensitive
    page.settle()
    assert wellbeing.seen.sensitive == 1
    page.click(0)
    page.settle()
    page.view.peek_at_chosen(True)
    wellbeing.seen.look()
    page.view.peek_at_chosen(False)
    assert (wellbeing.seen.count, wellbeing.seen.sensitive) == (in_sight - 3, 2)
    assert wellbeing.count.isVisible()
    assert wellbeing.count.text() == f"Seen: {in_sight - 3}, 2 sensitive"


class Clock:
    """Minutes that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.looking = True

    def __call__(self) -> float:
        return self.now

    def pass_(self, reminder: PauseReminder, minutes: float) -> None:
        for _ in range(round(minutes * 6)):
            self.now += 10
            reminder.tick()


def test_a_pause_is_proposed_put_off_and_taken(qtbot: QtBot) -> None:
    clock = Clock()
    reminder = PauseReminder(lambda: clock.looking, clock=clock)
    qtbot.addWidget(reminder)
    wanted: list[bool] = []
    reminder.pause_wanted.connect(lambda: wanted.append(True))
    clock.pass_(reminder, 200)
    assert reminder.isHidden()  # off by default
    reminder.set_after(30)
    clock.pass_(reminder, 29)
    assert reminder.isHidden()
    clock.pass_(reminder, 2)
    assert not reminder.isHidden() and "30 minutes" in reminder.words.text()
    reminder.snooze.click()
    clock.pass_(reminder, 9)
    assert reminder.isHidden()
    clock.pass_(reminder, 2)
    assert "41 minutes" in reminder.words.text()
    reminder.pause.click()
    assert wanted == [True] and reminder.isHidden()
    clock.pass_(reminder, 20)
    clock.looking = False
    clock.pass_(reminder, 6)  # a pause nobody had to propose
    clock.looking = True
    clock.pass_(reminder, 20)
    assert reminder.isHidden()
    clock.now += 100_000  # the computer slept
    reminder.tick()
    assert reminder.isHidden()
    clock.pass_(reminder, 11)
    assert not reminder.isHidden()
    reminder.set_after(0)
    assert reminder.isHidden()


def test_the_proposal_hides_every_picture(page: Driver, session: Session) -> None:
    menu, wellbeing = page.page.bar.wellbeing, page.page.wellbeing
    menu.pause.setCurrentIndex(menu.pause.findData(15))
    assert LabelSettings.load().pause_after == 15
    assert wellbeing.pause._looking() == page.page.isActiveWindow()
    wellbeing.pause.pause.click()
    assert session.hide_everything and not wellbeing.pause._looking()


def test_what_is_hidden_from_another_page_is_hidden_here(page_of: Callable[..., Driver], photos: Path) -> None:
    page = page_of(photos)
    page.click(0)
    page.settle()
    canvas = page.page.close_up.canvas
    assert canvas._pixmap is not None
    page.page.hide()
    page.page.session.hide_everything = True
    page.page.show()
    assert canvas._pixmap is None and canvas._message is not None
