"""A titled part of a side panel."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.widgets.parts import note


class Section(QWidget):
    """A heading, words below it, and what the subclass adds to `body`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(theme.SPACE_S)
        self.heading = QLabel()
        self.heading.setProperty("role", "strong")
        self.heading.setWordWrap(True)
        self.words = note()
        self.body.addWidget(self.heading)
        self.body.addWidget(self.words)

    @staticmethod
    def column(widget: QWidget) -> QVBoxLayout:
        """A layout of `widget` with small gaps and no margin."""
        made = QVBoxLayout(widget)
        made.setContentsMargins(0, 0, 0, 0)
        made.setSpacing(theme.SPACE_XS)
        return made

    def say(self, text: str) -> None:
        """The words below the heading; "" for none."""
        self.words.setText(text)
        self.words.setVisible(bool(text))

    def failure(self) -> str:
        """What to say where the program went wrong."""
        return self.tr("This could not be worked out. Go to another tab and back to try again.")


def button(text: str, tip: str = "", *, role: str = "") -> QPushButton:
    """A button that leaves the arrow keys to the images when it is clicked."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if role:
        made.setProperty("role", role)
    return made
