"""Going from the grid to one image that fills the page, on to others, and back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from pudm_gui.label.grid.view import GridView
from pudm_gui.label.look import LookView


class Closely(QObject):
    """Brings the full page to the front of the stack in which the grid is, and puts it away.

    Signals
    -------
    changed
        Whether one image fills the page.
    moved
        An image is to be shown, in the full page or beside the grid.
    """

    changed = Signal()
    moved = Signal()

    def __init__(self, stack: QStackedWidget, view: GridView, look: LookView, parent: QObject) -> None:
        super().__init__(parent)
        self._stack, self._view, self._look = stack, view, look
        view.opened.connect(self.open)
        look.stepped.connect(self.step)
        look.closed.connect(self.close)

    @property
    def looking(self) -> bool:
        """Whether one image fills the page."""
        return self._stack.currentWidget() is self._look

    def open(self, index: int | None = None) -> None:
        """Fill the page with one image."""
        index = self._view.selection.current if index is None else index
        if index is None or index >= len(self._view.model):
            return
        if index != self._view.selection.current:
            self._view.go_to(index)
        self._bring(look=True)
        self._look.setFocus()
        self.moved.emit()

    def close(self) -> None:
        """Back to the grid, at the image that was looked at."""
        if not self.looking:
            return
        self.leave()
        self._view.setFocus()
        if self._view.selection.current is not None:
            self._view.sight.show(self._view.selection.current)
        self.moved.emit()

    def leave(self) -> None:
        """Put the full page away, as where there is nothing left to look at."""
        self._bring(look=False)

    def step(self, by: int) -> None:
        """Go on to another image."""
        target = (self._view.selection.current or 0) + by
        if 0 <= target < len(self._view.model):
            self._view.go_to(target)
            self.moved.emit()

    def _bring(self, *, look: bool) -> None:
        self._stack.setCurrentWidget(self._look if look else self._view)
        self.changed.emit()
