"""Some settings of the form under "More options", with an editor for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.train.option_fields import OptionField
from pudm_gui.widgets.number_box import ChoiceBox, IntegerBox, OptionalBox, RateBox


class OptionGroup(QWidget):
    """Some settings, narrow ones in pairs.

    Signals
    -------
    edited
        Some value was changed.
    """

    edited = Signal()

    def __init__(self, options: Sequence[OptionField], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = options
        self._shown: set[str] | None = None
        self.fields: dict[str, QWidget] = {}
        self._cells: dict[str, QWidget] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE_S)
        self._grid.setVerticalSpacing(theme.SPACE_XS)
        for column in (0, 1):
            self._grid.setColumnStretch(column, 1)
            self._grid.setColumnMinimumWidth(column, 1)
        for option in options:
            self._cells[option.key] = self._cell(option)

    def arrange(self, shown: set[str]) -> None:
        """Show the settings of these keys, and close the gaps that the others leave."""
        if shown == self._shown:
            return
        self._shown = shown
        place = 0
        for option in self._options:
            cell = self._cells[option.key]
            self._grid.removeWidget(cell)
            cell.setVisible(option.key in shown)
            if option.key not in shown:
                continue
            if not option.narrow:
                place += place % 2
            row, column = divmod(place, 2)
            self._grid.addWidget(cell, row, column, 1, 1 if option.narrow else 2, Qt.AlignmentFlag.AlignTop)
            place += 1 if option.narrow else 2

    def _cell(self, option: OptionField) -> QWidget:
        field = _editor(option)
        field.setToolTip(option.help)
        field.setAccessibleName(option.title)
        field.setAccessibleDescription(option.help)
        field.setSizePolicy(QSizePolicy.Policy.Ignored, field.sizePolicy().verticalPolicy())
        cell = QWidget(self)
        layout = QVBoxLayout(cell)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        if isinstance(field, QCheckBox):
            field.setText(option.title)
            field.toggled.connect(self.edited)
        else:
            title = QLabel(option.title)
            title.setProperty("role", "small")
            title.setToolTip(option.help)
            title.setBuddy(field)
            layout.addWidget(title)
            if isinstance(field, QComboBox):
                field.currentIndexChanged.connect(self.edited)
            elif isinstance(field, QSpinBox | QDoubleSpinBox):
                field.valueChanged.connect(self.edited)
        layout.addWidget(field)
        self.fields[option.key] = field
        return cell


def _editor(option: OptionField) -> QWidget:
    if option.kind is bool:
        box = QCheckBox()
        box.setChecked(option.default)
        return box
    if option.choices:
        choices = ChoiceBox()
        for value, word in option.choices.items():
            choices.addItem(word, value)
        choices.setCurrentIndex(choices.findData(option.default))
        return choices
    if option.kind is int:
        whole = IntegerBox()
        whole.setRange(int(option.low), int(option.high))
        whole.setSpecialValueText(option.left_open)
        whole.setValue(option.default)
        return whole
    if option.left_open:
        optional = OptionalBox(option.left_open, option.low, option.high)
        optional.set_number(option.default)
        return optional
    number = RateBox()
    number.setRange(option.low, option.high)
    number.setValue(option.default)
    return number


def value_of(field: QWidget) -> Any:
    """What an editor holds, as the spec wants it."""
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, QComboBox):
        return field.currentData()
    if isinstance(field, OptionalBox):
        return field.number
    assert isinstance(field, QSpinBox | QDoubleSpinBox)
    return field.value()


def set_value(field: QWidget, value: Any) -> None:
    if isinstance(field, QCheckBox):
        field.setChecked(value)
    elif isinstance(field, QComboBox):
        field.setCurrentIndex(field.findData(value))
    elif isinstance(field, OptionalBox):
        field.set_number(value)
    elif isinstance(field, QSpinBox | QDoubleSpinBox):
        field.setValue(value)
