"""The thin line at the bottom: the project, its counts, and what is under way."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from pudm_gui import theme
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import IconMark

HEIGHT = 30


class CountLabel(QWidget):
    """A number with the mark or the word that it counts."""

    def __init__(self, icon_name: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        if icon_name is not None:
            layout.addWidget(IconMark(icon_name, 11))
        self.label = QLabel()
        self.label.setProperty("role", "small")
        layout.addWidget(self.label)

    def set_text(self, text: str, spoken: str) -> None:
        self.label.setText(text)
        self.setToolTip(spoken)
        self.setAccessibleName(spoken)


@dataclass(frozen=True, slots=True)
class Activity:
    """How something stands that a page does in the background."""

    words: str
    fraction: float | None
    """In [0, 1]; None where the end is not known."""
    paused: bool


class ActivityLine(QWidget):
    """One thing under way: words, a thin bar, and a way to stop it, or to pause it where it can be.

    Signals
    -------
    stop_clicked, pause_clicked, clicked
        The buttons; the words, to see more.
    """

    stop_clicked = Signal()
    pause_clicked = Signal()
    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.words = QPushButton()
        self.words.setProperty("role", "status-link")
        self.words.clicked.connect(self.clicked)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setProperty("role", "status-link")
        self.stop.clicked.connect(self.stop_clicked)
        self.pause = QPushButton()
        self.pause.setProperty("role", "status-link")
        self.pause.clicked.connect(self.pause_clicked)
        self.pause.hide()
        for widget in (self.words, self.bar, self.pause, self.stop):
            layout.addWidget(widget)
        self.hide()

    def show_activity(
        self, words: str, fraction: float | None, *, stop_text: str | None = None, paused: bool | None = None
    ) -> None:
        """`fraction` in [0, 1], or None where the end is not known; `paused` None where it cannot be."""
        self.pause.setVisible(paused is not None)
        self.pause.setText(self.tr("Go on") if paused else self.tr("Pause"))
        self.words.setText(words)
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(1000 * fraction))
        self.bar.setAccessibleName(words)
        self.stop.setText(stop_text or self.tr("Stop"))
        self.setVisible(True)


class StatusLine(QFrame):
    """Project and counts at the left; what a page does in the background, the scan and the running job at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "status")
        self.setFixedHeight(HEIGHT)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, 0, theme.SPACE_M, 0)
        layout.setSpacing(theme.SPACE_L)
        self.project = ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
        self.project.setProperty("role", "small")
        self.project.setMaximumWidth(280)
        self.images = CountLabel()
        self.sensitive = CountLabel("sensitive")
        self.normal = CountLabel("normal")
        self.scan = ActivityLine()
        self.job = ActivityLine()
        self.background = ActivityLine()
        for widget in (self.project, self.images, self.sensitive, self.normal):
            layout.addWidget(widget)
        layout.addStretch(1)
        for activity in (self.background, self.scan, self.job):
            layout.addWidget(activity)
        self.clear()

    def clear(self) -> None:
        self.project.setText("")
        for widget in (self.images, self.sensitive, self.normal, self.background, self.scan, self.job):
            widget.hide()

    def show_project(self, name: str, path: str) -> None:
        self.project.setText(name)
        self.project.setToolTip(path)

    def show_counts(self, total: int, sensitive: int, normal: int) -> None:
        number = QLocale().toString
        images = self.tr("1 image") if total == 1 else self.tr("{n} images").format(n=number(total))
        self.images.set_text(images, images)
        self.sensitive.set_text(number(sensitive), self.tr("{n} labeled sensitive").format(n=number(sensitive)))
        self.normal.set_text(number(normal), self.tr("{n} labeled normal").format(n=number(normal)))
        for widget in (self.images, self.sensitive, self.normal):
            widget.show()
