"""The Review page: the model before and after, and a verdict with its uncertainty."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from pudm_gui.jobs import Job, JobRunner
from pudm_gui.project.runs import list_runs
from pudm_gui.review.evaluate_bar import EvaluateBar, EvaluateOptions
from pudm_gui.review.evidence import EvidenceStrip
from pudm_gui.review.sample_files import SampleFiles, sample_files
from pudm_gui.review.samples import SamplePanel
from pudm_gui.review.verdict_panel import VerdictPanel
from pudm_gui.run_summary import RunSummary, choose, trained_runs
from pudm_gui.session import Session
from pudm_gui.theme import SPACE_L, SPACE_M
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.message import InlineMessage
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.rail import RailState
from training.errors import UserError
from training.events import Event
from training.runs import RunFolder


class ReviewPage(QWidget):
    """Shows the evaluation of one run, and starts new ones."""

    rail_state = Signal(object)
    go_to = Signal(str)

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._job: Job | None = None
        self._summary: RunSummary | None = None
        self._reader = OffThread(self)
        self._build()
        self.bar.chooser.chosen.connect(self._choose)
        self.bar.evaluate.connect(self._evaluate)
        self.bar.stop.connect(self._stop)
        self.bar.export.connect(lambda: self.go_to.emit("export"))
        self.nothing.clicked.connect(lambda: self.go_to.emit("train"))
        self.samples.looking_closely.connect(lambda close: self.evidence.setVisible(not close))
        session.hide_everything_changed.connect(self.samples.set_hidden)
        session.runs_changed.connect(self._reload)
        session.current_run_changed.connect(self._follow_session)
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
        self.not_judged = EmptyState("", "")
        self.verdict = VerdictPanel()
        self.evidence = EvidenceStrip()
        self.samples = SamplePanel()
        rule = QFrame()
        rule.setProperty("role", "rule")
        judged = QWidget()
        layout = _column(judged)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.verdict)
        layout.addWidget(self.evidence)
        layout.addWidget(rule)
        layout.addWidget(self.samples, 1)
        self.body = QStackedWidget()
        self.body.addWidget(self.not_judged)
        self.body.addWidget(judged)
        work = QWidget()
        layout = _column(work)
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        layout.addWidget(self.body, 1)
        self.stack = QStackedWidget(self)
        for page in (QWidget(), self.nothing, work):  # blank for the moment that reading the runs takes
            self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    def shown(self) -> None:
        """The window shows this page: look at the runs again."""
        self._reload()

    # Which runs there are

    def _reload(self) -> None:
        runs = list_runs(self._session.project)
        self._reader.submit(lambda: trained_runs(runs), self._show_runs)

    def _show_runs(self, summaries: list[RunSummary]) -> None:
        if not summaries:
            self._summary = None
            self.stack.setCurrentIndex(1)
            self.rail_state.emit(RailState())
            return
        chosen = choose(summaries, self._session.current_run)
        self.bar.chooser.set_runs(summaries, chosen)
        self.stack.setCurrentIndex(2)
        self._show(chosen)

    def _follow_session(self, run: RunFolder | None) -> None:
        if run is not None and (self._summary is None or run != self._summary.run):
            self._reload()

    def _choose(self, summary: RunSummary) -> None:
        self._show(summary)
        self._session.current_run = summary.run

    # One run

    def _show(self, summary: RunSummary) -> None:
        other = self._summary is None or self._summary.run != summary.run
        changed = other or self._summary is None or self._summary.report != summary.report
        self._summary = summary
        self._attach(self._jobs.attach(summary.run))
        if other:
            self.message.show_message(summary.problem, "error")
        if summary.report is not None:
            self.verdict.show_summary(summary)
            self.evidence.show_report(summary.report)
        if changed:
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
        busy = self._job is not None
        self.bar.show_summary(summary, busy=busy, read_only=self._session.read_only)
        self.body.setCurrentIndex(0 if summary.report is None else 1)
        if busy:
            self.not_judged.set_text(
                self.tr("Being evaluated"),
                self.tr("New images are drawn and judged. You can go on labeling or close the window meanwhile."),
            )
        else:
            self.not_judged.set_text(self.tr("Not evaluated yet"), self._invitation(summary))
        judged = summary.verdict
        self.rail_state.emit(RailState(progress=0.0 if busy else None, dot=judged.level if judged else None))

    def _invitation(self, summary: RunSummary) -> str:
        text = (
            self.tr("Evaluating draws new images from the model before and after, from the same seeds, and judges each.")
            if summary.fine_tuned
            else self.tr("Evaluating draws new images from the model and judges each.")
        )
        if summary.state == "stopped":
            stopped = self.tr("Training was stopped at step {step:,} of {steps:,}.")
            text += " " + stopped.format(step=summary.step, steps=summary.steps)
        return text

    # Evaluating

    def _evaluate(self, options: EvaluateOptions) -> None:
        summary = self._summary
        if summary is None:
            return
        if options.truth is not None and not options.truth.is_file():
            told = self.tr("There is no file {file}; choose the list of true labels again, or leave it empty.")
            self.message.show_message(told.format(file=options.truth), "error")
            return
        self.message.show_message("")
        try:
            job = self._jobs.start("evaluate", summary.run, *options.arguments())
        except UserError as error:
            self.message.show_message(str(error), "error")
            return
        self.bar.show_progress(self.tr("Starting"), 0, 0)
        self._attach(job)
        self._refresh()

    def _stop(self) -> None:
        if self._job is None:
            return
        try:
            self._job.send("stop")
        except UserError as error:
            self.message.show_message(str(error), "error")

    def _attach(self, job: Job | None) -> None:
        """Follow `job`, or none; training and exporting the run are others' business."""
        if job is not None and job.stage != "evaluate":
            job = None
        if job is self._job:
            return
        if self._job is not None:
            self._job.event.disconnect(self._progress)
            self._job.ended.disconnect(self._ended)
        self._job = job
        if job is None:
            return
        job.event.connect(self._progress)
        job.ended.connect(self._ended)
        self.bar.show_progress(self.tr("Evaluating"), 0, 0)
        for event in job.events:
            self._progress(event)

    def _progress(self, event: Event) -> None:
        if event.get("event") == "warning":
            self.message.show_message(str(event.get("message", "")), "warning")
        if event.get("event") != "progress":
            return
        done, total = int(event.get("done") or 0), int(event.get("total") or 0)
        self.bar.show_progress(str(event.get("what", "")), done, total)
        dot = self._summary.verdict.level if self._summary and self._summary.verdict else None
        self.rail_state.emit(RailState(progress=done / total if total else 0.0, dot=dot))

    def _ended(self, outcome: str, message: str) -> None:
        self._attach(None)
        if outcome == "stopped":
            self.message.show_message(self.tr("Stopped. An earlier evaluation is kept."), "info")
        elif outcome != "finished":
            told = self.tr("The evaluation did not end well: {reason} The model itself is unharmed.")
            self.message.show_message(told.format(reason=message), "error")
        self._refresh()
        self._session.runs_changed.emit()  # this page reads the run again, and so do the others


def _column(page: QWidget) -> QVBoxLayout:
    layout = QVBoxLayout(page)
    layout.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
    layout.setSpacing(SPACE_M)
    return layout
