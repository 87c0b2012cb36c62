"""While something is being read or written: what, how far, and a way to stop."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme

WIDTH = 360


class Waiting(QWidget):
    """Words above a bar above a button.

    Signals
    -------
    stop_wanted
        The person does not want to wait.
    """

    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(WIDTH)
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.clicked.connect(self.stop_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        layout.setSpacing(theme.SPACE_M)
        layout.addStretch(2)
        layout.addWidget(self.words)
        for widget in (self.bar, self.count, self.stop):
            layout.addWidget(widget, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def begin(self, words: str) -> None:
        self.words.setText(words)
        self.count.setText(" ")
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(words)
        self.stop.setEnabled(True)

    def advance(self, count: str, share: float) -> None:
        """`share` in [0, 1], or -1 where nobody knows."""
        self.count.setText(count)
        self.bar.setRange(0, 1000 if share >= 0 else 0)
        self.bar.setValue(round(1000 * share))

    def stopping(self) -> None:
        self.words.setText(self.tr("Stopping…"))
        self.stop.setEnabled(False)
