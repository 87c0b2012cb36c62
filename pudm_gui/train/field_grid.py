"""Small fields with their names at the left, as they stand under a choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pudm_gui import theme
from pudm_gui.widgets.number_box import ChoiceBox


class FieldGrid(QWidget):
    """Rows of a name and a field; `indent` pixels in from the left."""

    def __init__(self, indent: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(indent, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE_M)
        self._grid.setVerticalSpacing(theme.SPACE_XS)
        self._grid.setColumnStretch(1, 1)
        self._names: dict[QWidget, QLabel] = {}

    def add(self, title: str, field: QWidget) -> None:
        label = QLabel(title)
        label.setProperty("role", "muted")
        label.setBuddy(field)
        field.setAccessibleName(title)
        row = self._grid.rowCount()
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(field, row, 1)
        self._names[field] = label

    def add_choice(self, title: str, choices: Mapping[Any, str], default: Any) -> ChoiceBox:
        """Add a list of `choices`, value to word."""
        box = ChoiceBox()
        for value, word in choices.items():
            box.addItem(word, value)
        box.setCurrentIndex(box.findData(default))
        self.add(title, box)
        return box

    def add_below(self, widget: QWidget) -> None:
        """Add something as wide as the grid."""
        self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 2)

    def show_row(self, field: QWidget, shown: bool) -> None:
        field.setVisible(shown)
        self._names[field].setVisible(shown)
