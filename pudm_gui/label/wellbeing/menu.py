"""The settings behind the eye: how much of sensitive pictures one gets to see."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.filter.popover import Popover
from pudm_gui.label.settings import PAUSES, LabelSettings
from pudm_gui.label.veil import Strength
from pudm_gui.widgets.parts import add_rule, note

WIDTH = 300


class WellbeingMenu(Popover):
    """Writes into the settings it was given.

    Signals
    -------
    changed
        One of the settings is another now.
    """

    changed = Signal()

    def __init__(self, settings: LabelSettings, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setFixedWidth(WIDTH)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        self._layout.setSpacing(theme.SPACE_S)
        self._layout.addWidget(note(self.tr("Sensitive images"), "strong"))
        self.blur = self._add_switch(self.tr("Blurred"), "blur")
        self.strengths = self._add_strengths()
        self.grey = self._add_switch(self.tr("In grey"), "grey")
        self.small = self._add_switch(self.tr("Small"), "small")
        self.suspected = self._add_switch(self.tr("Suggested images too, until judged"), "suspected")
        self._layout.addWidget(note(self.tr("Hold R, or the eye on an image, to look. H hides every picture at once.")))
        add_rule(self._layout)
        self._layout.addWidget(note(self.tr("While you label"), "strong"))
        self.count = self._add_switch(self.tr("Count what I have seen"), "count_seen")
        self.pause = self._add_pause()
        self._layout.addWidget(note(self.tr("All of this is for comfort. None of it makes looking harmless.")))

    def _add_switch(self, text: str, name: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setChecked(getattr(self._settings, name))
        box.toggled.connect(lambda on: self._set(name, on))
        self._layout.addWidget(box)
        return box

    def _add_strengths(self) -> dict[Strength, QRadioButton]:
        names = {
            Strength.LIGHT: self.tr("Lightly"),
            Strength.MEDIUM: self.tr("Well"),
            Strength.STRONG: self.tr("Beyond recognition"),
        }
        row = QVBoxLayout()
        row.setContentsMargins(theme.SPACE_XL, 0, 0, 0)
        row.setSpacing(theme.SPACE_XS)
        group = QButtonGroup(self)
        buttons = {}
        for strength, name in names.items():
            button = buttons[strength] = QRadioButton(name)
            button.setChecked(strength == self._settings.strength)
            button.setEnabled(self._settings.blur)
            button.clicked.connect(lambda _=False, strength=strength: self._set("strength", int(strength)))
            self.blur.toggled.connect(button.setEnabled)
            group.addButton(button)
            row.addWidget(button)
        self._layout.addLayout(row)
        return buttons

    def _add_pause(self) -> QComboBox:
        row = QHBoxLayout()
        label = QLabel(self.tr("Propose a pause"))
        choice = QComboBox()
        choice.setAccessibleName(label.text())
        for minutes in PAUSES:
            words = self.tr("after {n} minutes").format(n=minutes) if minutes else self.tr("never")
            choice.addItem(words, minutes)
        choice.setCurrentIndex(max(0, choice.findData(self._settings.pause_after)))
        choice.currentIndexChanged.connect(lambda _: self._set("pause_after", choice.currentData()))
        label.setBuddy(choice)
        row.addWidget(label)
        row.addStretch(1)
        row.addWidget(choice)
        self._layout.addLayout(row)
        return choice

    def _set(self, name: str, value: int | bool) -> None:
        setattr(self._settings, name, value)
        self._settings.save()
        self.changed.emit()
