"""The button that lifts the veil."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from pudm_gui.widgets.icons import icon


class PeekButton(QPushButton):
    """Lifts the veil while it is held down, by mouse or by the space bar.

    Signals
    -------
    held
        Down or up.
    """

    held = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(self.tr("Hold to look"))
        self.setIcon(icon("eye"))
        self.setToolTip(self.tr("Shows the image while you hold this, or the key R"))
        self.pressed.connect(lambda: self.held.emit(True))
        self.released.connect(lambda: self.held.emit(False))
