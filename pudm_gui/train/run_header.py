"""Head of the right side: which run, where it stands, and the buttons that steer it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.train.progress import TrainingProgress
from pudm_gui.train.run_words import RunItem, details, headline, state_words
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.plain_text import tip
from training.runs import RunFolder

LIVE = ("starting", "running", "paused")


class RunHeader(QWidget):
    """Shows a run's state.

    Signals
    -------
    run_chosen
        A `RunFolder` from the list.
    pause_clicked, stop_confirmed
        The run is to pause or go on; to stop.
    log_toggled
        The log is wanted, or no longer.
    """

    run_chosen = Signal(object)
    pause_clicked = Signal()
    stop_confirmed = Signal()
    log_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[RunItem] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        layout.addLayout(self._build_top())
        layout.addLayout(self._build_words())
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the run"))
        layout.addWidget(self.bar)
        self.confirm = self._build_confirm()
        layout.addWidget(self.confirm)

    def set_runs(self, items: Sequence[RunItem], shown: RunFolder | None) -> None:
        """Fill the list, without `run_chosen`."""
        self._items = list(items)
        self.runs.blockSignals(True)
        self.runs.clear()
        for item in items:
            self.runs.addItem(_line(item.name, item.state))
        self.select_run(shown)
        self.runs.blockSignals(False)
        self.runs.setVisible(len(items) > 0)

    def select_run(self, shown: RunFolder | None) -> None:
        """Show which run of the list is looked at, without `run_chosen`."""
        self.runs.setCurrentIndex(next((i for i, item in enumerate(self._items) if item.run == shown), -1))

    def show_state(self, run: RunFolder | None, state: str, progress: TrainingProgress, *, may_steer: bool) -> None:
        """`may_steer`: whether this window may pause and stop the run."""
        for index, item in enumerate(self._items):
            if item.run == run:
                self.runs.setItemText(index, _line(item.name, state))
        self.title.setText(headline(state, progress))
        self.details.setText(details(state, progress))
        if progress.memory is not None:
            self.details.setToolTip(tip(progress.memory.sentence))
        live = state in LIVE
        self.pause.setVisible(live)
        self.pause.setText(self.tr("Go on") if state == "paused" else self.tr("Pause"))
        self.pause.setIcon(icon("play" if state == "paused" else "pause"))
        self.pause.setEnabled(may_steer and state != "starting")
        self.stop.setVisible(live)
        self.stop.setEnabled(may_steer)
        if not live:
            self.confirm.hide()
        self._show_bar(state, progress)

    def _show_bar(self, state: str, progress: TrainingProgress) -> None:
        if state == "starting" or (state == "running" and not progress.steps and progress.prepared is None):
            self.bar.setRange(0, 0)
            return
        share = progress.prepared if progress.preparing and progress.prepared is not None else None
        if share is None:
            share = progress.step / progress.steps if progress.steps else 0.0
        if state == "finished":  # perhaps early
            share = 1.0
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * share))

    def _build_top(self) -> QHBoxLayout:
        self.runs = QComboBox()
        self.runs.setAccessibleName(self.tr("Runs of this project"))
        self.runs.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.runs.setMinimumContentsLength(34)
        self.runs.activated.connect(lambda index: self.run_chosen.emit(self._items[index].run))
        self.log = QPushButton(self.tr("Log"))
        self.log.setIcon(icon("log"))
        self.log.setCheckable(True)
        self.log.toggled.connect(self.log_toggled)
        self.pause = QPushButton()
        self.pause.clicked.connect(self.pause_clicked)
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setIcon(icon("stop"))
        self.stop.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.runs)
        row.addStretch(1)
        for widget in (self.log, self.pause, self.stop):
            row.addWidget(widget)
        return row

    def _build_words(self) -> QHBoxLayout:
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.details = ElidedLabel("", mode=Qt.TextElideMode.ElideRight)
        self.details.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_M)
        row.addWidget(self.title)
        row.addWidget(self.details, 1, Qt.AlignmentFlag.AlignBottom)
        return row

    def _build_confirm(self) -> QWidget:
        confirm = QWidget()
        row = QHBoxLayout(confirm)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        row.addStretch(1)
        row.addWidget(QLabel(self.tr("Stop here? What is trained so far is kept, and you can go on later.")))
        self.keep = QPushButton(self.tr("Keep training"))
        self.keep.clicked.connect(confirm.hide)
        self.really = QPushButton(self.tr("Stop the run"))
        self.really.setProperty("role", "danger")
        self.really.clicked.connect(self._confirmed)
        row.addWidget(self.keep)
        row.addWidget(self.really)
        confirm.hide()
        return confirm

    def _ask(self) -> None:
        self.confirm.show()
        self.keep.setFocus()

    def _confirmed(self) -> None:
        self.confirm.hide()
        self.stop_confirmed.emit()


def _line(name: str, state: str) -> str:
    return f"{name} · {state_words(state)}"
