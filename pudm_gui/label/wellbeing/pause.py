"""Proposing a pause after a while of looking at pictures."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.widgets.icons import IconMark

TICK_MS = 10_000
REST = 300.0
"""Seconds without pictures that count as a pause."""
SNOOZE = 600.0


class PauseReminder(QWidget):
    """A line above the grid. It adds up the time for which pictures were to be seen in the window in front.

    Signals
    -------
    pause_wanted
        Every picture is to be hidden.
    """

    pause_wanted = Signal()

    def __init__(
        self,
        looking: Callable[[], bool],
        parent: QWidget | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`looking`: whether the person has pictures before them now."""
        super().__init__(parent)
        self._looking, self._clock = looking, clock
        self._after = 0.0
        self._looked = 0.0
        self._due = 0.0
        self._before = self._last_look = clock()
        self._lay_out()
        self.hide()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self.tick)

    def set_after(self, minutes: int) -> None:
        """Propose a pause after so many minutes; 0 for never."""
        if 60.0 * minutes == self._after:
            return
        self._after = self._due = 60.0 * minutes
        self._start_over()
        if minutes:
            self._timer.start()
        else:
            self._timer.stop()

    def tick(self) -> None:
        """Add the time since the last call, if there were pictures."""
        now, before = self._clock(), self._before
        self._before = now
        if self._looking():
            self._looked += min(now - before, 3 * TICK_MS / 1000)  # the computer may have slept in between
            self._last_look = now
        elif now - self._last_look >= REST:
            self._start_over()
        if self._after and self._looked >= self._due and self.isHidden():
            minutes = round(self._looked / 60)
            self.words.setText(self.tr("You have been looking at pictures for {n} minutes.").format(n=minutes))
            self.show()

    def _lay_out(self) -> None:
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.pause = QPushButton(self.tr("Hide pictures and pause"))
        self.pause.clicked.connect(self._pause)
        self.snooze = QPushButton(self.tr("In 10 minutes"))
        self.snooze.setToolTip(self.tr("Say so again in 10 minutes"))
        self.snooze.clicked.connect(self._snooze)
        self.go_on = QPushButton(self.tr("Go on"))
        self.go_on.setProperty("role", "quiet")
        self.go_on.setToolTip(self.tr("Begin to count anew"))
        self.go_on.clicked.connect(self._start_over)
        line = QFrame()
        line.setProperty("role", "message-info")
        around = QVBoxLayout(self)
        around.setContentsMargins(theme.SPACE_M, 0, theme.SPACE_M, theme.SPACE_S)
        around.addWidget(line)
        layout = QHBoxLayout(line)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_XS, theme.SPACE_S, theme.SPACE_XS)
        layout.setSpacing(theme.SPACE_S)
        layout.addWidget(IconMark("pause", 18, "accent"))
        layout.addWidget(self.words, 1)
        for button in (self.pause, self.snooze, self.go_on):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button)

    def _pause(self) -> None:
        self._start_over()
        self.pause_wanted.emit()

    def _snooze(self) -> None:
        self._due = self._looked + SNOOZE
        self.hide()

    def _start_over(self) -> None:
        self._looked, self._due = 0.0, self._after
        self._before = self._last_look = self._clock()
        self.hide()
