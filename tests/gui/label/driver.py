"""A hand on mouse and keyboard for tests of the Label page."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pudm_gui.label.grid.thumbnail import key_of
from pudm_gui.label.grid.tiles import PADDING
from pudm_gui.label.page import LabelPage
from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Label

NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


class Driver:
    """Does what a person does, and waits for what they would see."""

    def __init__(self, page: LabelPage, qtbot: QtBot) -> None:
        self.page, self.qtbot = page, qtbot
        self.view = page.view

    def settle(self) -> None:
        """Wait until the list is loaded and everything in sight is painted."""
        self.qtbot.waitUntil(lambda: self.page.model.loaded and not self.page.busy, timeout=60_000)

    def click(self, index: int, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.view.viewport(), LEFT, modifier, self.tile(index).center())

    def double_click(self, index: int) -> None:
        self.click(index)
        QTest.mouseDClick(self.view.viewport(), LEFT, NONE, self.tile(index).center())

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        target = self.page.look if self.page.looking else self.view
        QTest.keyClick(target, key, modifier)
        self.wait_for_labels()

    def wait_for_labels(self) -> None:
        """An action that takes more than a moment, such as on a busy machine, is waited for."""
        self.qtbot.waitUntil(lambda: not self.page.actions_on_labels.busy, timeout=60_000)

    def drag(self, start: QPoint, end: QPoint, modifier: Qt.KeyboardModifier = NONE) -> None:
        self.press(start, modifier)
        self.move(start + (end - start) / 2)
        self.move(end)
        self.release(end)

    def press(self, at: QPoint, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.mousePress(self.view.viewport(), LEFT, modifier, at)

    def move(self, to: QPoint) -> None:
        viewport = self.view.viewport()
        at, place = QPointF(to), QPointF(viewport.mapToGlobal(to))
        QApplication.sendEvent(viewport, QMouseEvent(QEvent.Type.MouseMove, at, place, LEFT, LEFT, NONE))

    def release(self, at: QPoint) -> None:
        QTest.mouseRelease(self.view.viewport(), LEFT, NONE, at)

    def choose(self, show: str) -> None:
        """Click on a filter and wait for the list."""
        self.page.bar.chips[show].click()
        self.settle()

    def search(self, text: str) -> None:
        self.page.bar.search.setFocus()
        QTest.keyClicks(self.page.bar.search, text)
        self.qtbot.waitUntil(lambda: self.page.model.shown.text == text, timeout=60_000)
        self.settle()

    def tile(self, index: int) -> QRect:
        return self.view.sight.rect(index)

    def chosen(self) -> list[int]:
        return self.view.selection.chosen.positions().tolist()

    def labels(self) -> list[int]:
        """What the store says of the images in the list, in their order."""
        self.wait_for_labels()
        return labels_for(self.page.session.project, self.page.model.ids).tolist()

    def label_of(self, index: int) -> Label:
        return Label(self.labels()[index])

    def names(self) -> list[str]:
        return [row.path for row in self.page.model.rows(0, len(self.page.model))]

    def seen(self, index: int) -> np.ndarray:
        """The picture of a tile as it is on the screen: ``(H, W, 3)`` uint8, without frame and marks."""
        self.settle()
        rect = self.tile(index).adjusted(PADDING, PADDING + 30, -PADDING, -PADDING - 32)
        return pixels(self.view.viewport().grab(rect).toImage())

    def problem(self, index: int) -> str | None:
        row = self.page.model.row(index)
        tile = self.page.thumbnails.tile(key_of(row))
        return row.problem or (tile.problem if tile else None)


def pixels(image: QImage) -> np.ndarray:
    """``(H, W, 3)`` uint8."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def detail(picture: np.ndarray) -> float:
    """How much neighbouring pixels differ: high in a sharp picture, low in a blurred one."""
    values = picture.astype(float)
    return float(np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean())
