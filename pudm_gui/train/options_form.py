"""The form under "More options"."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.train.option_fields import OptionField, is_relevant, option_groups
from pudm_gui.widgets.number_box import ChoiceBox, IntegerBox, OptionalBox, RateBox


class OptionsForm(QWidget):
    """Edits settings of a run by their dotted keys.

    Signals
    -------
    changed
        Some value was changed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._defaults: dict[str, Any] = {}
        self.fields: dict[str, QWidget] = {}
        self._titles: dict[str, QLabel] = {}
        self._conditional = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        for title, options in option_groups():
            heading = QLabel(title)
            heading.setProperty("role", "strong")
            layout.addWidget(heading)
            for option in options:
                self._add(layout, option)
            layout.addSpacing(theme.SPACE_S)
        self.reset_button = QPushButton(self.tr("Back to the defaults"))
        self.reset_button.setProperty("role", "quiet")
        self.reset_button.clicked.connect(self.reset)
        layout.addWidget(self.reset_button, alignment=Qt.AlignmentFlag.AlignLeft)
        self._refresh()

    def values(self) -> dict[str, Any]:
        """Every setting, by its dotted key."""
        return {key: _value(field) for key, field in self.fields.items()}

    def set_defaults(self, defaults: dict[str, Any]) -> None:
        """What the settings are when nobody changes them; those that nobody has changed follow."""
        before = self._defaults
        self._defaults = before | defaults
        for key, value in defaults.items():
            if _same(_value(self.fields[key]), before[key]):
                _set(self.fields[key], value)
        self._refresh()

    def set_conditional(self, conditional: bool) -> None:
        """Whether the model makes images from classes or captions."""
        self._conditional = conditional
        self._refresh()

    def reset(self) -> None:
        for key, value in self._defaults.items():
            _set(self.fields[key], value)
        self._refresh()

    def changed_count(self) -> int:
        return sum(not _same(_value(field), self._defaults[key]) for key, field in self.fields.items())

    def _add(self, layout: QVBoxLayout, option: OptionField) -> None:
        field = _editor(option)
        field.setToolTip(option.help)
        field.setAccessibleName(option.title)
        field.setAccessibleDescription(option.help)
        if isinstance(field, QCheckBox):
            field.setText(option.title)
            field.toggled.connect(self._edited)
        else:
            title = QLabel(option.title)
            title.setProperty("role", "small")
            title.setToolTip(option.help)
            title.setBuddy(field)
            layout.addWidget(title)
            self._titles[option.key] = title
            if isinstance(field, QComboBox):
                field.currentIndexChanged.connect(self._edited)
            elif isinstance(field, QSpinBox | QDoubleSpinBox):
                field.valueChanged.connect(self._edited)
        layout.addWidget(field)
        self.fields[option.key] = field
        self._defaults[option.key] = option.default

    def _edited(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        objective = _value(self.fields["objective.kind"])
        for key, field in self.fields.items():
            shown = is_relevant(key, objective, conditional=self._conditional)
            field.setVisible(shown)
            if key in self._titles:
                self._titles[key].setVisible(shown)
        self.reset_button.setVisible(self.changed_count() > 0)


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


def _value(field: QWidget) -> Any:
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, QComboBox):
        return field.currentData()
    if isinstance(field, OptionalBox):
        return field.number
    assert isinstance(field, QSpinBox | QDoubleSpinBox)
    return field.value()


def _set(field: QWidget, value: Any) -> None:
    if isinstance(field, QCheckBox):
        field.setChecked(value)
    elif isinstance(field, QComboBox):
        field.setCurrentIndex(field.findData(value))
    elif isinstance(field, OptionalBox):
        field.set_number(value)
    elif isinstance(field, QSpinBox | QDoubleSpinBox):
        field.setValue(value)


def _same(one: Any, other: Any) -> bool:
    both_numbers = isinstance(one, float) and isinstance(other, float)
    return math.isclose(one, other, rel_tol=1e-6) if both_numbers else one == other
