"""The right side of the page: one run, live or long over, with curves, samples and log."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.jobs import Job, JobRunner
from pudm_gui.session import Session
from pudm_gui.train.curves import LossCurves
from pudm_gui.train.filmstrip import Filmstrip
from pudm_gui.train.log_view import LogView
from pudm_gui.train.progress import TrainingProgress
from pudm_gui.train.run_header import RunHeader
from pudm_gui.train.run_words import Notice, is_fine_tune, notice
from pudm_gui.train.sample_store import SampleStore
from pudm_gui.train.sample_viewer import SampleViewer
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.message import InlineMessage
from pudm_gui.widgets.parts import set_role
from training.events import Event
from training.runs import RunFolder

REDRAW_MS = 120
"""Events within this time are drawn once."""


class RunView(QWidget):
    """Shows a run and steers it.

    Signals
    -------
    changed
        State, step or time left of the shown run.
    resume_clicked, review_clicked
        What the message offers.
    """

    changed = Signal()
    resume_clicked = Signal()
    review_clicked = Signal()

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self.run: RunFolder | None = None
        self.job: Job | None = None
        self.progress = TrainingProgress()
        self.state = "new"
        self._last_words = ""
        self._fine_tuned = True
        self._notice: Notice | None = None
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.timeout.connect(self._draw)
        self._store = SampleStore(self)
        self._build()
        session.hide_everything_changed.connect(self._set_hidden)
        self._set_hidden(session.hide_everything)

    def show_job(self, job: Job) -> None:
        """Follow a run that is being worked on."""
        self._let_go()
        self.run, self.job, self.state, self._last_words = job.run, job, job.state, ""
        self.progress = TrainingProgress.of(job.events)
        job.events_added.connect(self._add)
        job.state_changed.connect(self._set_state)
        job.ended.connect(self._ended)
        self._show_new_run()

    def show_past(self, run: RunFolder, progress: TrainingProgress, state: str, last_words: str) -> None:
        """Show a run that nobody works on."""
        self._let_go()
        self.run, self.progress, self.state, self._last_words = run, progress, state, last_words
        self._show_new_run()

    def refresh(self) -> None:
        """Draw what is shown once more."""
        if self.run is not None:
            self._draw()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_M)
        layout.setSpacing(theme.SPACE_M)
        self.header = RunHeader()
        self.header.pause_clicked.connect(self._pause)
        self.header.stop_confirmed.connect(self._stop)
        self.header.log_toggled.connect(self._show_log)
        self.message = InlineMessage("", closable=False)
        self.message.action.connect(self._act)
        self.curves = LossCurves()
        self.viewer = SampleViewer(self._store)
        self.viewer.closed.connect(self._close_viewer)
        self.log = LogView()
        self.log.closed.connect(lambda: self.header.log.setChecked(False))
        self.stage = QStackedWidget()
        for widget in (self.curves, self.viewer, self.log):
            self.stage.addWidget(widget)
        self.filmstrip = Filmstrip(self._store)
        self.filmstrip.opened.connect(self._open_preview)
        layout.addWidget(self.header)
        layout.addWidget(self.message)
        layout.addWidget(self.stage, 1)
        layout.addWidget(self._build_samples())

    def _build_samples(self) -> QWidget:
        self.samples = QWidget()
        layout = QVBoxLayout(self.samples)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        title = QLabel(self.tr("Samples over time"))
        title.setProperty("role", "strong")
        self._samples_hint = QLabel(self.tr("always from the same noise"))
        self._samples_hint.setProperty("role", "small")
        self.blur = QPushButton(self.tr("Blur"))
        self.blur.setIcon(icon("eye-off"))
        self.blur.setCheckable(True)
        self.blur.setChecked(True)
        self.blur.setToolTip(self.tr("Samples may be sensitive. Hold a blurred one to see it."))
        self.blur.toggled.connect(self.filmstrip.set_blur)
        self.blur.toggled.connect(self.viewer.set_blur)
        self.draw_now = QPushButton(self.tr("Draw now"))
        self.draw_now.setToolTip(self.tr("Draw samples from the model as it is now"))
        self.draw_now.clicked.connect(self._draw_samples)
        row.addWidget(title)
        row.addWidget(self._samples_hint)
        row.addStretch(1)
        row.addWidget(self.draw_now)
        row.addWidget(self.blur)
        layout.addLayout(row)
        layout.addWidget(self.filmstrip)
        return self.samples

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.filmstrip.set_room(self.height())

    # -- following

    def _let_go(self) -> None:
        if self.job is not None:
            self.job.events_added.disconnect(self._add)
            self.job.state_changed.disconnect(self._set_state)
            self.job.ended.disconnect(self._ended)
            self.job = None

    def _add(self, events: list[Event]) -> None:
        for event in events:
            self.progress.add(event)
            if event.get("event") == "preview" and self.run is not None:
                self._store.forget(self.run.path / str(event["path"]))
        if not self._redraw.isActive():
            self._redraw.start(REDRAW_MS)

    def _set_state(self, state: str) -> None:
        self.state = state
        self._draw()

    def _ended(self, outcome: str, words: str) -> None:
        self._let_go()
        self.state, self._last_words = outcome, words
        self._draw()

    # -- showing

    def _show_new_run(self) -> None:
        if self.stage.currentWidget() is self.viewer:
            self.stage.setCurrentWidget(self.curves)
        self.log.show_run(self.run)
        self._fine_tuned = self.run is not None and is_fine_tune(self.run)
        self._draw()

    def _draw(self) -> None:
        self._redraw.stop()
        may_steer = self.job is not None and not self._session.read_only
        self.header.show_state(self.run, self.state, self.progress, may_steer=may_steer)
        self._notice = notice(self.state, self.progress, self._last_words, fine_tuned=self._fine_tuned)
        self._show_notice()
        self.curves.show_progress(self.progress)
        self.filmstrip.show_previews(self.run, self.progress.previews)
        self.samples.setVisible(bool(self.progress.previews))
        judged = self.progress.nsr is not None
        hint = self.tr("always from the same noise, with the share that is not sensitive, as your labels tell")
        self._samples_hint.setText(hint if judged else self.tr("always from the same noise"))
        self.draw_now.setVisible(may_steer and self.state == "running")
        self.changed.emit()

    def _show_notice(self) -> None:
        if self._notice is None:
            self.message.show_message("")
            return
        action = self._notice.action or None
        if self._notice.does == "resume" and self._session.read_only:
            action = None
        self.message.show_message(self._notice.text, self._notice.kind, action_text=action)
        next_step = self._notice.does == "review" and self.state == "finished"
        set_role(self.message.button, "primary" if next_step else "")

    def _show_log(self, wanted: bool) -> None:
        self.stage.setCurrentWidget(self.log if wanted else self.curves)

    def _open_preview(self, index: int) -> None:
        if self.run is not None:
            self.header.log.setChecked(False)
            self.viewer.open(self.run, self.progress.previews, index)
            self.stage.setCurrentWidget(self.viewer)
            self.viewer.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close_viewer(self) -> None:
        self.stage.setCurrentWidget(self.curves)

    def _set_hidden(self, hidden: bool) -> None:
        self.filmstrip.set_hidden(hidden)
        self.viewer.set_hidden(hidden)

    # -- pause, resume, stop

    def _pause(self) -> None:
        if self.job is not None:
            self.job.send("resume" if self.state == "paused" else "pause")

    def _draw_samples(self) -> None:
        if self.job is not None:
            self.job.send("sample")

    def _stop(self) -> None:
        if self.job is not None:
            self.job.stop()
            self.header.stop.setEnabled(False)

    def _act(self) -> None:
        match self._notice.does if self._notice is not None else "":
            case "resume":
                self.resume_clicked.emit()
            case "review":
                self.review_clicked.emit()
            case "log":
                self.header.log.setChecked(True)
