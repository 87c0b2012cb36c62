"""The line below the grid: the keys, what was just done, and what is chosen."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QLocale, Qt, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from pudm_gui import theme
from pudm_gui.label.going_on import GoingOn
from pudm_gui.label.settings import LabelSettings
from pudm_gui.widgets.elided import ElidedLabel

NOTE_MS = 8000
OFFER_MS = 12_000


class HintLine(QFrame):
    """Keys at the left, the last action in the middle, the selection at the right.

    Signals
    -------
    put_away
        Images that no longer pass the filter are to leave the list.
    bring_back
        The selection that was lost last is wanted again.
    """

    put_away = Signal()
    bring_back = Signal()

    def __init__(self, settings: LabelSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, 3, theme.SPACE_M, 3)
        layout.setSpacing(theme.SPACE_L)
        self.keys = QLabel()
        self.keys.setProperty("role", "small")
        self.keys.setMinimumWidth(1)  # where there is little room, these give way
        self.note = ElidedLabel("")
        self.note.setProperty("role", "small")
        self.moved = self._link(self.put_away)
        self.moved.setToolTip(self.tr("They stay where they are until you put them away (Ctrl+R)"))
        self.former = self._link(self.bring_back)
        self.former.setToolTip(self.tr("The selection before the last click (Ctrl+Shift+D)"))
        self.chosen = QLabel()
        self.chosen.setProperty("role", "small")
        self.going_on = GoingOn(settings.advance, settings.skip_labeled)
        layout.addWidget(self.keys)
        layout.addWidget(self.note, 1)
        for widget in (self.moved, self.former, self.chosen, self.going_on):
            layout.addWidget(widget)
        self._fading = QTimer(self, singleShot=True, interval=NOTE_MS)
        self._fading.timeout.connect(lambda: self.note.setText(""))
        self._offering = QTimer(self, singleShot=True, interval=OFFER_MS)
        self._offering.timeout.connect(self.former.hide)

    def add_at_right(self, widget: QWidget) -> None:
        """Give `widget` a place left of the selection."""
        row = cast(QHBoxLayout, self.layout())
        row.insertWidget(row.indexOf(self.moved), widget)

    def show_keys_of_grid(self, *, judging: bool = False) -> None:
        """`judging`: the list is one of suggestions, which two keys judge."""
        self._show_keys(
            [
                *self._label_keys(judging),
                ("T, 1–9", self.tr("tag")),
                (".", self.tr("next unlabeled")),
                ("Space", self.tr("look")),
                ("Ctrl+Z", self.tr("undo")),
            ]
        )

    def show_keys_of_look(self, *, judging: bool = False) -> None:
        self._show_keys(
            [
                ("← →", self.tr("step")),
                *self._label_keys(judging),
                (".", self.tr("next unlabeled")),
                ("+ −", self.tr("zoom")),
                ("Esc", self.tr("back")),
            ]
        )

    def _label_keys(self, judging: bool) -> list[tuple[str, str]]:
        if judging:
            return [
                ("A", self.tr("sensitive, next")),
                ("X", self.tr("normal, next")),
                ("U", self.tr("clear")),
                ("R", self.tr("hold to see")),
            ]
        return [("S", self.tr("sensitive")), ("N", self.tr("normal")), ("U", self.tr("clear"))]

    def _show_keys(self, keys: list[tuple[str, str]]) -> None:
        self.keys.setText("&nbsp;&nbsp; ".join(f"<b>{key}</b>&nbsp;{words}" for key, words in keys))

    def tell(self, sentence: str) -> None:
        """Say what was done; it stays for a while."""
        self.note.setText(sentence)
        self._fading.start()

    def show_chosen(self, count: int) -> None:
        self.chosen.setText(self.tr("{n} selected").format(n=QLocale().toString(count)) if count else "")

    def offer_former(self, count: int) -> None:
        """Offer for a while to bring a lost selection back; 0 offers nothing."""
        self.former.setVisible(count > 0)
        if count:
            self.former.setText(self.tr("Bring {n} selected back").format(n=QLocale().toString(count)))
            self._offering.start()

    def show_moved(self, count: int) -> None:
        self.moved.setVisible(count > 0)
        number = QLocale().toString(count)
        self.moved.setText(
            self.tr("1 no longer belongs here: put away")
            if count == 1
            else self.tr("{n} no longer belong here: put away").format(n=number)
        )

    def _link(self, clicked: SignalInstance) -> QPushButton:
        button = QPushButton()
        button.setProperty("role", "status-link")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the images
        button.clicked.connect(clicked)
        button.hide()
        return button
