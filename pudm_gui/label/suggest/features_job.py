"""The job that looks at all images once, started and followed from the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from pudm_gui.jobs import Job, JobRunner
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread
from training.errors import UserError
from training.events import Event
from training.runs import RunFolder

STAGE = "features"


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far the job is."""

    what: str = ""
    """A phrase of the engine; "" while it prepares."""
    done: int = 0
    total: int = 0
    """0 while unknown."""
    seconds_left: float | None = None

    @property
    def fraction(self) -> float | None:
        return self.done / self.total if self.total else None

    @classmethod
    def read(cls, events: Sequence[Event]) -> JobProgress:
        """What the events of one process say."""
        last = next((event for event in reversed(events) if event.get("event") == "progress"), {})
        left = last.get("seconds_left")
        return cls(
            str(last.get("what") or ""),
            int(last.get("done") or 0),
            int(last.get("total") or 0),
            None if left is None else float(left),
        )


class FeaturesJob(QObject):
    """Starts the features stage, follows it, and finds one that goes on from before.

    Signals
    -------
    progressed
        A `JobProgress`; None when nothing is under way any more.
    ended
        An `Outcome` of the job, and the sentence that goes with it.
    """

    progressed = Signal(object)
    ended = Signal(str, str)

    def __init__(self, session: Session, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._job: Job | None = None
        self.encoder = ""
        """Id of the encoder that is at work, or was last."""
        self._preparing = False
        self._work = OffThread(self, threads=1)
        jobs.active_changed.connect(self.find_running)

    @property
    def active(self) -> bool:
        return self._preparing or self._job is not None

    def start(self, encoder: str, model_folder: Path | None = None) -> None:
        """Write down which images are new, off the GUI thread, and look at them; asked twice, it does so once."""
        if self.active:
            return
        self._preparing = True
        self.progressed.emit(JobProgress())
        project = self._session.project

        def prepare() -> RunFolder | UserError:
            from pudm_gui.project.features import features_job

            try:
                return features_job(project, encoder, model_folder)
            except UserError as error:
                return error

        self._work.submit(prepare, self._begin, failed=self._give_up)

    def stop(self) -> None:
        """End the job. What it has looked at so far is kept."""
        if self._job is not None:
            self._job.stop()

    def find_running(self) -> None:
        """Follow the job where one is under way, whoever has started it."""
        if self._job is not None:
            return
        job = next((job for job in self._jobs.active if job.stage == STAGE), None)
        if job is None:
            return
        self._job, self.encoder = job, job.run.path.parent.name
        job.events_added.connect(lambda _: self._tell())
        job.ended.connect(self._job_ended)
        self._tell()

    def close(self) -> None:
        """Wait for the thread. The job goes on."""
        self._work.cancel_waiting()
        self._work.wait()

    def _begin(self, prepared: RunFolder | UserError) -> None:
        self._preparing = False
        try:
            if isinstance(prepared, UserError):
                raise prepared
            self._jobs.start(STAGE, prepared)
        except UserError as error:
            self._give_up()
            self._session.message.emit(str(error), "error")

    def _give_up(self) -> None:
        self._preparing = False
        self.progressed.emit(None)

    def _tell(self) -> None:
        if self._job is not None:
            self.progressed.emit(JobProgress.read(self._job.attempt))

    def _job_ended(self, outcome: str, words: str) -> None:
        self._job = None
        self.progressed.emit(None)
        self.ended.emit(outcome, words)
