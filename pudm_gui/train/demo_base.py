"""The demo's base model: the one that is to be sanitized is trained first, here, on the unlabeled digits."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from pudm_gui.commands.demo import BASE_MODEL, DEMO_BASE, DEMO_DATA
from pudm_gui.jobs import Job, JobRunner
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread
from training.errors import UserError
from training.runs import RunFolder
from training.spec import RunSpec, with_settings

MARKER = "demo.json"
"""Lies beside the project of a demo."""
NAME = "base"


class DemoBase(QObject):
    """Trains the base model and writes it out, in two jobs; goes on where it was when the window was closed.

    Signals
    -------
    training
        The `Job` that trains it.
    changed
        Something is under way, or no longer.
    ready
        Folder of the finished model.
    """

    training = Signal(object)
    changed = Signal()
    ready = Signal(object)

    def __init__(self, session: Session, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._work = OffThread(self, threads=1)
        self.busy = False

    @staticmethod
    def belongs_to(session: Session) -> bool:
        """Whether the project is a demo's."""
        return (session.project.path.parent / MARKER).is_file()

    @property
    def folder(self) -> Path:
        """Where the finished model is, or will be."""
        return self._session.project.path.parent / BASE_MODEL

    @property
    def exists(self) -> bool:
        return (self.folder / "model_index.json").is_file()

    def follow_running(self) -> None:
        """Go on with what is under way from before the window was opened."""
        if self.exists:
            return
        for job in self._jobs.active:
            if not self.busy and job.stage in ("train", "export") and job.run.path.name.endswith(f"-{NAME}"):
                self._follow(job)

    def start(self) -> None:
        """Train the model, or go on with it."""
        if not self.busy:
            self._set_busy(True)
            self._work.submit(self._prepare, self._prepared)

    def _prepare(self) -> tuple[RunFolder, str] | UserError:
        from pudm_gui.project.runs import create_run, list_runs

        project = self._session.project
        try:
            run = next((run for run in list_runs(project) if run.path.name.endswith(f"-{NAME}")), None)
            if run is None:
                run = create_run(project, with_settings(RunSpec(), DEMO_DATA | DEMO_BASE), name=NAME)
            return run, run.state()
        except UserError as error:
            return error

    def _prepared(self, found: tuple[RunFolder, str] | UserError) -> None:
        if isinstance(found, UserError):
            self._give_up(str(found))
            return
        run, state = found
        self._start("export" if state == "finished" else "train", run)

    def _start(self, stage: str, run: RunFolder) -> None:
        try:
            job = self._jobs.attach(run) or self._jobs.start(stage, run, *([self.folder] if stage == "export" else []))
        except UserError as error:
            self._give_up(str(error))
            return
        self._follow(job)

    def _follow(self, job: Job) -> None:
        self._set_busy(True)
        job.ended.connect(lambda outcome, words: self._ended(job.stage, job.run, outcome, words))
        if job.stage == "train":
            self.training.emit(job)

    def _ended(self, stage: str, run: RunFolder, outcome: str, words: str) -> None:
        if outcome != "finished":
            self._give_up(words if outcome == "failed" and stage == "export" else "")
        elif stage == "train":
            self._start("export", run)
        else:
            self._set_busy(False)
            self.ready.emit(self.folder)

    def _give_up(self, sentence: str) -> None:
        self._set_busy(False)
        if sentence:
            self._session.message.emit(sentence, "error")

    def _set_busy(self, busy: bool) -> None:
        if busy != self.busy:
            self.busy = busy
            self.changed.emit()
