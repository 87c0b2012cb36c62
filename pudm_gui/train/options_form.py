"""The form under "More options"."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.train.option_fields import is_relevant, option_groups
from pudm_gui.train.option_group import OptionGroup, set_value, value_of


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
        self._conditional = False
        self.fields: dict[str, QWidget] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        self._groups = []
        for title, options in option_groups():
            heading = QLabel(title)
            heading.setProperty("role", "strong")
            layout.addWidget(heading)
            group = OptionGroup(options)
            group.edited.connect(self._edited)
            layout.addWidget(group)
            layout.addSpacing(theme.SPACE_M)
            self._groups.append(group)
            self.fields |= group.fields
            self._defaults |= {option.key: option.default for option in options}
        self.reset_button = QPushButton(self.tr("Back to the defaults"))
        self.reset_button.setProperty("role", "quiet")
        self.reset_button.clicked.connect(self.reset)
        layout.addWidget(self.reset_button, alignment=Qt.AlignmentFlag.AlignLeft)
        self._refresh()

    def values(self) -> dict[str, Any]:
        """Every setting, by its dotted key."""
        return {key: value_of(field) for key, field in self.fields.items()}

    def set_defaults(self, defaults: dict[str, Any]) -> None:
        """What the settings are when nobody changes them; those that nobody has changed follow."""
        before = self._defaults
        self._defaults = before | defaults
        for key, value in defaults.items():
            if _same(value_of(self.fields[key]), before[key]):
                set_value(self.fields[key], value)
        self._refresh()

    def set_conditional(self, conditional: bool) -> None:
        """Whether the model makes images from classes or captions."""
        self._conditional = conditional
        self._refresh()

    def reset(self) -> None:
        for key, value in self._defaults.items():
            set_value(self.fields[key], value)
        self._refresh()

    def changed_count(self) -> int:
        return sum(not _same(value_of(field), self._defaults[key]) for key, field in self.fields.items())

    def _edited(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        objective = value_of(self.fields["objective.kind"])
        for group in self._groups:
            group.arrange({key for key in group.fields if is_relevant(key, objective, conditional=self._conditional)})
        self.reset_button.setVisible(self.changed_count() > 0)


def _same(one: Any, other: Any) -> bool:
    both_numbers = isinstance(one, float) and isinstance(other, float)
    return math.isclose(one, other, rel_tol=1e-6) if both_numbers else one == other
