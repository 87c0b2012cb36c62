"""Number fields that scrolling past does not change."""

from __future__ import annotations

import math

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QDoubleSpinBox, QSpinBox, QWidget

INDENT = 5
"""Pixels before the digits: the style sheet's padding does not reach the field inside a spin box."""


class IntegerBox(QSpinBox):
    """A whole number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _indent(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class DecimalBox(QDoubleSpinBox):
    """A number with a fixed number of decimals."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _indent(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class RateBox(DecimalBox):
    """A number over several orders of magnitude, such as 1e-4; a step changes its first figure by one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(10)

    def textFromValue(self, value: float) -> str:
        return f"{value:.3g}"

    def valueFromText(self, text: str) -> float:
        number, good = QLocale.c().toDouble(text.strip())
        return number if good else self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        number, good = QLocale.c().toDouble(text.strip())
        if good and self.minimum() <= number <= self.maximum():
            return QValidator.State.Acceptable, text, position
        return QValidator.State.Intermediate, text, position

    def stepBy(self, steps: int) -> None:
        step = 10 ** math.floor(math.log10(self.value())) if self.value() > 0 else max(self.minimum(), 0.01)
        at_power_of_ten = self.value() < 1.01 * step
        self.setValue(self.value() + steps * step / (10 if steps < 0 and at_power_of_ten else 1))


class OptionalBox(DecimalBox):
    """A number that may be left open: below its lowest value stand the words for that."""

    def __init__(self, left_open: str, low: float, high: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low = low
        self.setDecimals(1)
        self.setSingleStep(0.5)
        self.setRange(low - self.singleStep(), high)
        self.setSpecialValueText(left_open)

    @property
    def number(self) -> float | None:
        return self.value() if self.value() >= self._low else None

    def set_number(self, number: float | None) -> None:
        self.setValue(self.minimum() if number is None else number)


class ChoiceBox(QComboBox):
    """A list of choices."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def _indent(field: QAbstractSpinBox) -> None:
    field.lineEdit().setTextMargins(INDENT, 0, 0, 0)
