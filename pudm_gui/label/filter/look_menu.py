"""How sensitive images are shown: the menu behind the eye."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from pudm_gui.label.settings import LabelSettings
from pudm_gui.label.veil import Strength


class LookMenu(QMenu):
    """Blur, its strength, and grey; writes into the settings it was given.

    Signals
    -------
    changed
        One of them is another now.
    """

    changed = Signal()

    def __init__(self, settings: LabelSettings, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = settings
        self.addAction(self._switch(self.tr("Blur sensitive images"), "blur"))
        self.addSeparator()
        group = QActionGroup(self)
        names = {
            Strength.LIGHT: self.tr("Lightly"),
            Strength.MEDIUM: self.tr("Well"),
            Strength.STRONG: self.tr("Beyond recognition"),
        }
        for strength, name in names.items():
            action = QAction(name, group, checkable=True)
            action.setChecked(strength == settings.strength)
            action.triggered.connect(lambda _=False, strength=strength: self._set("strength", int(strength)))
            self.addAction(action)
        self.addSeparator()
        self.addAction(self._switch(self.tr("Blurred images in grey"), "grey"))

    def _switch(self, text: str, name: str) -> QAction:
        action = QAction(text, self, checkable=True)
        action.setChecked(getattr(self._settings, name))
        action.toggled.connect(lambda on: self._set(name, on))
        return action

    def _set(self, name: str, value: int | bool) -> None:
        setattr(self._settings, name, value)
        self.changed.emit()
