"""The menu at the images under the pointer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from pudm_gui.label.grid.view import GridView


class GridMenu(QObject):
    """Offers what can be done with the chosen images; an image that is not among them is chosen first."""

    def __init__(self, view: GridView, actions: Sequence[QAction], parent: QObject) -> None:
        super().__init__(parent)
        self._view = view
        self.menu = QMenu(view)
        self.menu.addActions(list(actions))
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self.open_at)

    def open_at(self, at: QPoint) -> None:
        """Open the menu at a place of the viewport."""
        view = self._view
        index = view.sight.geometry.index_at(at + QPoint(0, view.sight.offset))
        if index is None:
            return
        if index not in view.selection.chosen:
            view.go_to(index)
        self.menu.popup(view.viewport().mapToGlobal(at))
