"""The Review page: the model before and after, and a verdict with its uncertainty."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from pudm_gui.jobs import JobRunner
from pudm_gui.review.evaluate_bar import EvaluateBar, EvaluateOptions
from pudm_gui.review.evidence import EvidenceStrip
from pudm_gui.review.sample_files import SampleFiles, sample_files
from pudm_gui.review.samples import SamplePanel
from pudm_gui.review.verdict_panel import VerdictPanel
from pudm_gui.run_picker import RunPicker
from pudm_gui.run_summary import RunSummary
from pudm_gui.session import Session
from pudm_gui.stage_watch import StageWatch
from pudm_gui.theme import SPACE_L, SPACE_M
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.message import InlineMessage
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.parts import rule
from pudm_gui.widgets.rail import RailState
from training.errors import UserError
from training.events import Event


class ReviewPage(QWidget):
    """Shows the evaluation of one run, and starts new ones."""

    rail_state = Signal(object)
    go_to = Signal(str)

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._summary: RunSummary | None = None
        self._reader = OffThread(self)
        self._build()
        self._runs = RunPicker(session, self.bar.chooser, self)
        self._runs.picked.connect(self._show)
        self._runs.nothing.connect(self._show_nothing)
        self._watch = StageWatch("evaluate", jobs, self)
        self._watch.progressed.connect(self._progress)
        self._watch.happened.connect(self._warn)
        self._watch.ended.connect(self._ended)
        self.bar.evaluate.connect(self._evaluate)
        self.bar.stop.connect(self._stop)
        self.bar.export.connect(lambda: self.go_to.emit("export"))
        self.nothing.clicked.connect(lambda: self.go_to.emit("train"))
        self.samples.looking_closely.connect(lambda close: self.evidence.setVisible(not close))
        session.hide_everything_changed.connect(self.samples.set_hidden)
        self.samples.set_hidden(session.hide_everything)

    def _build(self) -> None:
        self.nothing = EmptyState(
            self.tr("No trained model yet"),
            self.tr("A model that has been trained comes here, to be compared with the one from before."),
            self.tr("Go to Train"),
            icon_name="review",
        )
        self.bar = EvaluateBar()
        self.message = InlineMessage()
        self.not_judged = EmptyState("", "", icon_name="review")
        self.verdict = VerdictPanel()
        self.evidence = EvidenceStrip()
        self.samples = SamplePanel()
        judged = _stacked(self.verdict, self.evidence, rule(), self.samples)
        self.body = QStackedWidget()
        self.body.addWidget(self.not_judged)
        self.body.addWidget(judged)
        work = _stacked(self.bar, self.message, self.body, margin=SPACE_L)
        self.stack = QStackedWidget()
        for page in (QWidget(), self.nothing, work):  # blank for the moment that reading the runs takes
            self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    def shown(self) -> None:
        """The window shows this page: look at the runs again."""
        self._runs.reload()

    # One run

    def _show_nothing(self) -> None:
        self._summary = None
        self.stack.setCurrentIndex(1)
        self.rail_state.emit(RailState())

    def _show(self, summary: RunSummary) -> None:
        former, self._summary = self._summary, summary
        other = former is None or former.run != summary.run
        self.stack.setCurrentIndex(2)
        if other:
            self.message.show_message(self._failure(summary.problem) if summary.problem else "", "error")
            self.bar.show_progress(self.tr("Evaluating"), 0, 0)
        self._watch.look_at(summary.run)
        if summary.report is not None and (other or former is None or former.report != summary.report):
            self.verdict.show_summary(summary)
            self.evidence.show_report(summary.report)
            self._reader.submit(lambda: sample_files(summary.run), lambda files: self._show_samples(summary, files))
        self._refresh()

    def _show_samples(self, summary: RunSummary, files: SampleFiles) -> None:
        if self._summary is not None and summary.run == self._summary.run:
            self.samples.set_files(files)

    def _refresh(self) -> None:
        """What can be done now, and how it stands."""
        summary = self._summary
        if summary is None:
            return
        self.bar.show_summary(summary, busy=self._watch.busy, read_only=self._session.read_only)
        self.body.setCurrentIndex(0 if summary.report is None else 1)
        if self._watch.busy:
            self.not_judged.set_text(
                self.tr("Being evaluated"),
                self.tr("New images are drawn and judged. You can go on labeling or close the window meanwhile."),
            )
        else:
            self.not_judged.set_text(self.tr("Not evaluated yet"), self._invitation(summary))
        self._tell_rail(0.0 if self._watch.busy else None)

    def _invitation(self, summary: RunSummary) -> str:
        text = (
            self.tr(
                "Evaluating draws new images from both models, before and after, on the same seeds and judges them."
            )
            if summary.fine_tuned
            else self.tr("Evaluating draws new images from the model and judges each.")
        )
        if summary.state == "stopped":
            stopped = self.tr("Training was stopped at step {step:,} of {steps:,}.")
            text += " " + stopped.format(step=summary.step, steps=summary.steps)
        if summary.state == "failed":
            failed = self.tr("Training failed; the model is that of step {step:,} of {steps:,}.")
            text += " " + failed.format(step=summary.step, steps=summary.steps)
        return text

    def _tell_rail(self, progress: float | None) -> None:
        judged = self._summary.verdict if self._summary else None
        self.rail_state.emit(RailState(progress=progress, dot=judged.level if judged else None))

    # Evaluating

    def _evaluate(self, options: EvaluateOptions) -> None:
        if self._summary is None:
            return
        if options.truth is not None and not options.truth.is_file():
            told = self.tr("There is no file {file}; choose the list of true labels again, or leave it empty.")
            self.message.show_message(told.format(file=options.truth), "error")
            return
        self.message.show_message("")
        self.bar.show_progress(self.tr("Starting"), 0, 0)
        try:
            self._watch.start(self._summary.run, *options.arguments())
        except UserError as error:
            self.message.show_message(str(error), "error")
        self._refresh()

    def _stop(self) -> None:
        try:
            self._watch.stop()
        except UserError as error:
            self.message.show_message(str(error), "error")

    def _progress(self, what: str, done: int, total: int) -> None:
        self.bar.show_progress(what, done, total)
        self._tell_rail(done / total if total else 0.0)

    def _warn(self, event: Event) -> None:
        if event.get("event") == "warning":
            self.message.show_message(str(event.get("message", "")), "warning")

    def _ended(self, outcome: str, message: str) -> None:
        if outcome == "stopped":
            self.message.show_message(self.tr("Stopped. An earlier evaluation is kept."), "info")
        elif outcome != "finished":
            self.message.show_message(self._failure(message), "error")
        self._refresh()
        self._session.runs_changed.emit()  # this page reads the run again, and so do the others

    def _failure(self, reason: str) -> str:
        return self.tr("The evaluation did not end well: {reason} The model itself is unharmed.").format(reason=reason)


def _stacked(*widgets: QWidget, margin: int = 0) -> QWidget:
    """`widgets` under each other, the last of them taking what is left."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(SPACE_M)
    for widget in widgets:
        layout.addWidget(widget, int(widget is widgets[-1]))
    return column
