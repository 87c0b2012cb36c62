"""The estimate of β from the labels: a job, and what it wrote the last time."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from pudm_gui.job_words import job_words
from pudm_gui.jobs import Job, JobRunner
from pudm_gui.session import Session
from pudm_gui.train.beta_field import Estimate
from pudm_gui.widgets.off_thread import OffThread
from training.errors import UserError
from training.runs import RunFolder
from training.spec import RunSpec

FOLDER = "prior"
FILE = "prior.json"


class PriorEstimator(QObject):
    """Starts the prior stage and reports what it finds.

    Signals
    -------
    estimated
        An `Estimate`.
    working
        Words about how far it is; "" when it has ended.
    """

    estimated = Signal(object)
    working = Signal(str)

    def __init__(self, session: Session, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._job: Job | None = None
        self._freezing = False
        self._work = OffThread(self, threads=1)
        self._folder = RunFolder(session.project.path / FOLDER)
        jobs.active_changed.connect(self._look_for_job)

    @property
    def active(self) -> bool:
        """Whether there is an estimate to stop."""
        return self._job is not None

    def load_last(self) -> None:
        """Report the last estimate, if there is one, and follow one that is under way."""
        estimate = read_estimate(self._folder.path / FILE)
        if estimate is not None:
            self.estimated.emit(estimate)
        self._look_for_job()

    def start(self, spec: RunSpec) -> None:
        """Freeze the labels, off the GUI thread, and estimate; asked twice, it does so once."""
        from pudm_gui.project.runs import prior_folder

        if self._freezing:
            return
        self._freezing = True
        project = self._session.project
        self.working.emit(self.tr("Preparing…"))

        def freeze() -> RunFolder | UserError:
            try:
                return prior_folder(project, spec)
            except UserError as error:
                return error

        def begin(frozen: RunFolder | UserError) -> None:
            self._freezing = False
            try:
                if isinstance(frozen, UserError):
                    raise frozen
                self._jobs.start("prior", frozen)
            except UserError as error:
                self.working.emit("")
                self._session.message.emit(str(error), "error")

        def give_up() -> None:
            self._freezing = False
            self.working.emit("")

        self._work.submit(freeze, begin, failed=give_up)

    def stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _look_for_job(self) -> None:
        job = self._jobs.job_for(self._folder, "prior")
        if job is None or job is self._job:
            return
        self._job = job
        job.events_added.connect(lambda _: self.working.emit(job_words(job)[0]))
        job.ended.connect(self._ended)
        self.working.emit(job_words(job)[0])

    def _ended(self, outcome: str, words: str) -> None:
        self._job = None
        self.working.emit("")
        estimate = read_estimate(self._folder.path / FILE) if outcome == "finished" else None
        if estimate is not None:
            self.estimated.emit(estimate)
        elif outcome != "stopped":
            reason = words.splitlines()[-1] if words else ""
            self._session.message.emit(
                self.tr("The share could not be estimated. {reason}").format(reason=reason), "error"
            )


def read_estimate(path: Path) -> Estimate | None:
    """What the prior stage wrote; None where it wrote nothing that can be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
        low, high = found["interval"]
        return Estimate(
            float(found["beta"]), float(low), float(high), float(found["proposal"]), str(found.get("warning") or "")
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
