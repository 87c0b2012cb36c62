"""What the mouse does on the grid: choosing, the rubber band, and the small buttons on a tile."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from pudm_gui.label.grid.geometry import Geometry
from pudm_gui.label.grid.selection import Selection
from pudm_gui.label.grid.tiles import control_rects, eye_rect
from pudm_gui.project.model import Label

SCROLL_MS = 16
EDGE_SPEED = 0.35
"""Pixels scrolled at each tick for each pixel that the pointer is beyond the edge, so one can go slowly or fast."""
FASTEST = 160


class Pointer(QObject):
    """Turns mouse events, in coordinates of the content, into selections and wishes.

    Signals
    -------
    selected
        A `Selection` to take over.
    marked
        Index and `Label`: one of the small buttons on a tile was clicked.
    peeked
        Index whose veil is to be lifted, or None when it is to fall again.
    moved
        The hovered tile or the rubber band changed.
    scroll_wanted
        Pixels to scroll by, while the rubber band is dragged beyond the edge.
    """

    selected = Signal(object)
    marked = Signal(int, object)
    peeked = Signal(object)
    moved = Signal()
    scroll_wanted = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.buttons = True
        """Whether tiles have their small buttons."""
        self.hovered: int | None = None
        self.band: QRect | None = None
        self._pressed_at: QPoint | None = None
        self._at = QPoint()
        self._base = Selection()
        self._modifiers = Qt.KeyboardModifier.NoModifier
        self._peeking = False
        self._beyond = 0
        self._timer = QTimer(self, interval=SCROLL_MS)
        self._timer.timeout.connect(self._scroll_on)

    def press(self, event: QMouseEvent, at: QPoint, geometry: Geometry, selection: Selection, veiled: bool) -> None:
        """The left button went down at `at`; `veiled` says whether the tile there is."""
        index = geometry.index_at(at)
        if index is not None and self._press_button(index, at, geometry, veiled):
            return
        self._pressed_at, self._base, self._modifiers = at, selection, event.modifiers()
        if index is None:
            if not self._adds():
                self.selected.emit(selection.cleared())
            return
        if self._modifiers & Qt.KeyboardModifier.ShiftModifier:
            keep = bool(self._modifiers & Qt.KeyboardModifier.ControlModifier)
            self.selected.emit(selection.extended(index, keep=keep))
        elif self._modifiers & Qt.KeyboardModifier.ControlModifier:
            self.selected.emit(selection.toggled(index))
        else:
            self.selected.emit(selection.only(index))

    def drag(self, at: QPoint, beyond: int, geometry: Geometry) -> None:
        """The pointer moved with the button down. `beyond` is how far it is below (+) or above (-) the viewport."""
        self._at = at
        if self._pressed_at is None:
            return
        if self.band is None:
            if (at - self._pressed_at).manhattanLength() < QApplication.startDragDistance():
                return
            self._base = self._base if self._adds() else self._base.cleared()
        self.band = QRect(self._pressed_at, at).normalized()
        touched = geometry.touched(self.band)
        chosen = touched
        if self._modifiers & Qt.KeyboardModifier.ControlModifier:
            chosen = self._base.chosen ^ touched
        elif self._modifiers & Qt.KeyboardModifier.ShiftModifier:
            chosen = self._base.chosen | touched
        self.selected.emit(self._base.replaced(chosen))
        self.moved.emit()
        self._beyond = beyond
        if beyond and not self._timer.isActive():
            self._timer.start()
        elif not beyond:
            self._timer.stop()

    def release(self) -> None:
        """The button went up."""
        if self._peeking:
            self._peeking = False
            self.peeked.emit(None)
        self._timer.stop()
        self._pressed_at = None
        if self.band is not None:
            self.band = None
            self.moved.emit()

    def hover(self, index: int | None) -> None:
        """The pointer is over another tile, or over none."""
        if index != self.hovered:
            self.hovered = index
            self.moved.emit()

    def button_at(self, index: int, at: QPoint, geometry: Geometry) -> Label | None:
        """The label of the small button at `at`, where there is one."""
        if not self.buttons:
            return None
        return next((label for label, spot in control_rects(geometry.rect(index)).items() if spot.contains(at)), None)

    def _press_button(self, index: int, at: QPoint, geometry: Geometry, veiled: bool) -> bool:
        tile = geometry.rect(index)
        if veiled and eye_rect(tile).contains(at):
            self._peeking = True
            self.peeked.emit(index)
            return True
        label = self.button_at(index, at, geometry)
        if label is None:
            return False
        self.marked.emit(index, label)
        return True

    def _adds(self) -> bool:
        adding = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        return bool(self._modifiers & adding)

    def _scroll_on(self) -> None:
        step = round(self._beyond * EDGE_SPEED) or (1 if self._beyond > 0 else -1)
        self.scroll_wanted.emit(min(max(step, -FASTEST), FASTEST))
