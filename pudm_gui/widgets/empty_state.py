"""What a page shows when there is nothing to show yet: what it is for, and the one thing to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.widgets.icons import IconMark


class EmptyState(QWidget):
    """A title, a sentence or two, and at most one button.

    Signals
    -------
    clicked
        The button was pressed.
    """

    clicked = Signal()

    def __init__(
        self,
        title: str,
        text: str,
        button_text: str | None = None,
        parent: QWidget | None = None,
        *,
        icon_name: str | None = None,
        primary: bool = True,
    ) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        layout.setSpacing(theme.SPACE_S)
        layout.addStretch(2)
        if icon_name is not None:
            layout.addWidget(IconMark(icon_name, 40, "text_muted"), alignment=Qt.AlignmentFlag.AlignHCenter)
            layout.addSpacing(theme.SPACE_XS)
        self.title = QLabel(title)
        self.title.setProperty("role", "heading")
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title.setWordWrap(True)
        self.text = QLabel(text)
        for label in (self.title, self.text):
            label.setTextFormat(Qt.TextFormat.PlainText)  # may tell what was searched for
        self.text.setProperty("role", "muted")
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setWordWrap(True)
        self.text.setMaximumWidth(420)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.button = QPushButton(button_text or "")
        self.button.setProperty("role", "primary" if primary else "")
        self.button.clicked.connect(self.clicked)
        layout.addWidget(self.title)
        middle = QHBoxLayout()  # a word-wrapped label gets its height right only where a box layout limits its width
        middle.addStretch(1)
        middle.addWidget(self.text, 100)
        middle.addStretch(1)
        layout.addLayout(middle)
        layout.addSpacing(theme.SPACE_M)
        layout.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.button.setVisible(button_text is not None)  # not before: without a parent it would be a window of its own
        layout.addStretch(3)

    def set_text(self, title: str, text: str, button_text: str | None = None) -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.button.setText(button_text or "")
        self.button.setVisible(button_text is not None)
