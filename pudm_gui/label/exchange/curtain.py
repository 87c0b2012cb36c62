"""Putting one widget in the place of everything else on a page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QBoxLayout, QWidget


class Curtain:
    """Hides what a page shows behind one widget; the actions of the page, and with them its keys, rest meanwhile."""

    def __init__(self, page: QWidget, front: QWidget) -> None:
        self._page, self._front = page, front
        self._hidden: list[QWidget] = []
        self._resting: list[QAction | QShortcut] = []
        layout = page.layout()
        assert isinstance(layout, QBoxLayout)
        self._layout = layout
        layout.insertWidget(0, front, 1)
        front.hide()

    @property
    def drawn(self) -> bool:
        return not self._front.isHidden()

    def draw(self) -> None:
        if self.drawn:
            return
        items = [self._layout.itemAt(place) for place in range(self._layout.count())]
        widgets = [item.widget() for item in items if item is not None]
        self._hidden = [widget for widget in widgets if widget is not None and not widget.isHidden()]
        for widget in self._hidden:
            widget.hide()
        shortcuts = self._page.findChildren(QShortcut, options=Qt.FindChildOption.FindDirectChildrenOnly)
        keys: list[QAction | QShortcut] = [*self._page.actions(), *shortcuts]
        self._resting = [key for key in keys if key.isEnabled()]
        for key in self._resting:
            key.setEnabled(False)
        self._front.show()

    def open(self) -> None:
        self._front.hide()
        for widget in self._hidden:
            widget.show()
        for key in self._resting:
            key.setEnabled(True)
        self._hidden, self._resting = [], []
