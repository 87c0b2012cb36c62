"""The Export page: the sanitized model as a folder that other tools load, with proof that they do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pudm_gui.export.card_panel import CardPanel
from pudm_gui.export.check_list import checks_of, expected_checks
from pudm_gui.export.form import ExportForm
from pudm_gui.export.questions import Question, about_evaluation, about_target
from pudm_gui.export.result_panel import ResultPanel
from pudm_gui.export.target import Target, default_folder, inspect_target, subfolder
from pudm_gui.jobs import JobRunner
from pudm_gui.run_picker import RunPicker
from pudm_gui.run_summary import RunSummary
from pudm_gui.session import Session
from pudm_gui.stage_watch import StageWatch
from pudm_gui.theme import SPACE_L, SPACE_S, SPACE_XL
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.message import InlineMessage, MessageKind
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.rail import RailState
from training.errors import UserError
from training.events import Event

FORM_WIDTH = 520
CARD_WIDTH = 760
"""Lines longer than this are hard to read."""


class ExportPage(QWidget):
    """Writes one run out, after asking where that would lose or leak something."""

    rail_state = Signal(object)
    go_to = Signal(str)

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._summary: RunSummary | None = None
        self._target: Path | None = None
        self._may_replace: Path | None = None
        self._may_go_unjudged = False
        self._suggested = ""
        self._question = Question("", "info")
        self._reader = OffThread(self)
        self._build()
        self._runs = RunPicker(session, self.form.chooser, self)
        self._runs.picked.connect(self._show)
        self._runs.nothing.connect(self._show_nothing)
        self._watch = StageWatch("export", jobs, self)
        self._watch.progressed.connect(self._progress)
        self._watch.happened.connect(self._happened)
        self._watch.ended.connect(self._ended)
        self.form.export.connect(self._check_and_export)
        self.form.folder_edited.connect(self._folder_edited)
        self.form.weights.currentIndexChanged.connect(self._write_card)
        self.message.action.connect(self._answer)
        self.nothing.clicked.connect(lambda: self.go_to.emit("train"))

    def _build(self) -> None:
        self.nothing = EmptyState(
            self.tr("Nothing to export yet"),
            self.tr("A model that has been trained can be written out here, in the format that other tools load."),
            self.tr("Go to Train"),
            icon_name="export",
        )
        self.form = ExportForm()
        self.message = InlineMessage()
        self.result = ResultPanel()
        self.result.hide()
        left = QWidget()
        left.setProperty("role", "scrolled")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, SPACE_S, 0)
        column.setSpacing(SPACE_L)
        for widget in (self.form, self.message, self.result):
            column.addWidget(widget)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(left)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(FORM_WIDTH)
        scroll.setMaximumWidth(CARD_WIDTH)
        self.card = CardPanel()
        self.card.setMaximumWidth(CARD_WIDTH)
        work = QWidget()
        row = QHBoxLayout(work)
        row.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        row.setSpacing(SPACE_XL)
        row.addStretch(0)
        row.addWidget(scroll, 5)
        row.addWidget(self.card, 6)
        row.addStretch(0)
        self.stack = QStackedWidget(self)
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
            self.result.hide()
            self._may_go_unjudged = False
            self.form.show_progress(self.tr("Exporting"), 0, 0)
            self._suggest_folder(summary)
        self._watch.look_at(summary.run)
        if former is None or former.run != summary.run or (former.report is None and summary.report is not None):
            self._say_unjudged()
        self._refresh()

    def _suggest_folder(self, summary: RunSummary) -> None:
        """The run's default folder, unless the person has typed one."""
        if self.form.folder.text() == self._suggested:
            self._suggested = str(default_folder(self._session.project.path, summary.run))
            self.form.folder.setText(self._suggested)
            self._folder_edited()

    def _refresh(self) -> None:
        summary = self._summary
        if summary is None:
            return
        self.form.show_state(summary, busy=self._watch.busy, read_only=self._session.read_only)
        anyway = self._may_go_unjudged and summary.report is None
        self.form.button.setText(self.tr("Export anyway") if anyway else self.tr("Export"))
        self._write_card()
        self._tell_rail(0.0 if self._watch.busy else None)

    def _tell_rail(self, progress: float | None) -> None:
        judged = self._summary.verdict if self._summary else None
        self.rail_state.emit(RailState(progress=progress, dot=judged.level if judged else None))

    def _write_card(self) -> None:
        if self._summary is not None:
            self.form.note_weights(self._summary)
            self.card.preview(self._summary, self.form.chosen_weights)

    def _folder_edited(self) -> None:
        self._may_replace = None
        if self._summary is not None and not self._watch.busy:
            self._say_unjudged()

    # Messages and what their button does

    def _say(self, text: str, kind: MessageKind = "info") -> None:
        self._ask(Question(text, kind))

    def _ask(self, question: Question) -> None:
        self._question = question
        self.message.show_message(question.text, question.kind, action_text=question.button)

    def _say_unjudged(self) -> None:
        if self._summary is not None:
            self._ask(about_evaluation(self._summary) or Question("", "info"))

    def _answer(self) -> None:
        summary, folder = self._summary, self.form.target
        if summary is None:
            return
        match self._question.answer:
            case "evaluate":
                self.go_to.emit("review")
            case "new folder":
                self._reader.submit(lambda: subfolder(folder, summary.run), self._use_folder)
            case "replace":
                self._may_replace = folder
                self._check_and_export()

    def _use_folder(self, folder: Path) -> None:
        self.form.folder.setText(str(folder))
        self._folder_edited()
        self.form.button.setFocus()

    # Exporting

    def _check_and_export(self) -> None:
        summary, folder = self._summary, self.form.target
        if summary is None or self._watch.busy:
            return
        if summary.report is None and not self._may_go_unjudged:
            self._may_go_unjudged = True
            self._say_unjudged()
            self._refresh()
            return
        self._reader.submit(lambda: inspect_target(folder), self._decide)

    def _decide(self, target: Target) -> None:
        """Export, ask, or refuse, by what is in the folder."""
        summary = self._summary
        if summary is None or target.folder != self.form.target or self._watch.busy:
            return
        question = about_target(target, self._may_replace)
        if question is None:
            self._start(summary, target.folder)
        else:
            self._ask(question)

    def _start(self, summary: RunSummary, folder: Path) -> None:
        self.form.show_progress(self.tr("Starting"), 0, 0)
        try:
            replace = ("--replace",) if self._may_replace == folder else ()
            self._watch.start(summary.run, folder, "--weights", self.form.chosen_weights, *replace)
        except UserError as error:
            self._say(str(error), "error")
            return
        self._target = folder
        self._say("")
        self.result.show_checks(expected_checks())
        self.result.show()
        self._refresh()

    def _progress(self, what: str, done: int, total: int) -> None:
        self.form.show_progress(what, done, total)
        self._tell_rail(done / total if total else 0.0)

    def _happened(self, event: Event) -> None:
        match event.get("event"):
            case "warning":
                self._say(str(event.get("message", "")), "warning")
            case "result":
                folder = Path(str(event.get("folder") or self._target or self.form.target))
                self.result.show_result(folder, checks_of(event))
                self.result.show()
                self.card.show_written(folder)

    def _ended(self, outcome: str, message: str) -> None:
        self._may_replace = None
        if outcome == "finished":
            self._say_outcome()
        elif outcome == "stopped":
            self.result.hide()
            self._say(self.tr("Stopped. Nothing was exported."))
        else:
            self.result.setVisible(any(check.ok is not None for check in self.result.checks.checks))
            told = self.tr("The export did not end well: {reason} The run itself is unharmed.")
            self._say(told.format(reason=message), "error")
        self._refresh()

    def _say_outcome(self) -> None:
        wrong = [check for check in self.result.checks.checks if not check.ok]
        if wrong:
            self._say(self.tr("Exported, but a check did not hold: do not pass this folder on yet."), "error")
        else:
            self._say(self.tr("Exported, and every check holds."), "success")
