"""The line below the grid: the keys, what was just done, and what is chosen."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from pudm_gui import theme
from pudm_gui.widgets.elided import ElidedLabel

NOTE_MS = 8000


class HintLine(QFrame):
    """Keys at the left, the last action in the middle, the selection at the right.

    Signals
    -------
    put_away
        Images that no longer pass the filter are to leave the list.
    advance_toggled
        Whether to go on to the next image after labeling one.
    """

    put_away = Signal()
    advance_toggled = Signal(bool)

    def __init__(self, advance: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, 3, theme.SPACE_M, 3)
        layout.setSpacing(theme.SPACE_L)
        self.keys = QLabel()
        self.keys.setProperty("role", "small")
        self.note = ElidedLabel("")
        self.note.setProperty("role", "small")
        self.moved = QPushButton()
        self.moved.setProperty("role", "status-link")
        self.moved.setToolTip(self.tr("They stay where they are until you put them away (Ctrl+R)"))
        self.moved.clicked.connect(self.put_away)
        self.moved.hide()
        self.chosen = QLabel()
        self.chosen.setProperty("role", "small")
        self.advance = QCheckBox(self.tr("Go on after labeling"))
        self.advance.setToolTip(self.tr("After labeling a single image, choose the next one"))
        self.advance.setChecked(advance)
        font = self.advance.font()
        font.setPixelSize(theme.FONT_SMALL)
        self.advance.setFont(font)
        self.advance.toggled.connect(self.advance_toggled)
        for button in (self.moved, self.advance):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the images
        layout.addWidget(self.keys)
        layout.addWidget(self.note, 1)
        for widget in (self.moved, self.chosen, self.advance):
            layout.addWidget(widget)
        self._fading = QTimer(self, singleShot=True, interval=NOTE_MS)
        self._fading.timeout.connect(lambda: self.note.setText(""))

    def show_keys_of_grid(self) -> None:
        self._show_keys(
            [
                ("S", self.tr("sensitive")),
                ("N", self.tr("normal")),
                ("U", self.tr("clear")),
                ("Space", self.tr("look")),
                ("Ctrl+Z", self.tr("undo")),
            ]
        )

    def show_keys_of_look(self) -> None:
        self._show_keys(
            [
                ("← →", self.tr("step")),
                ("S", self.tr("sensitive")),
                ("N", self.tr("normal")),
                ("U", self.tr("clear")),
                ("+ −", self.tr("zoom")),
                ("Esc", self.tr("back")),
            ]
        )

    def _show_keys(self, keys: list[tuple[str, str]]) -> None:
        self.keys.setText("&nbsp;&nbsp; ".join(f"<b>{key}</b>&nbsp;{words}" for key, words in keys))

    def tell(self, sentence: str) -> None:
        """Say what was done; it stays for a while."""
        self.note.setText(sentence)
        self._fading.start()

    def show_chosen(self, count: int) -> None:
        self.chosen.setText(self.tr("{n} selected").format(n=QLocale().toString(count)) if count else "")

    def show_moved(self, count: int) -> None:
        self.moved.setVisible(count > 0)
        number = QLocale().toString(count)
        self.moved.setText(
            self.tr("1 no longer belongs here: put away")
            if count == 1
            else self.tr("{n} no longer belong here: put away").format(n=number)
        )
