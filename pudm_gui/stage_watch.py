"""Follows one stage of the engine on the run that a page shows, whoever started it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from pudm_gui.jobs import Job, JobRunner
from training.events import Event
from training.runs import RunFolder


class StageWatch(QObject):
    """At most one job of one stage; other stages of the run are others' business.

    Signals
    -------
    progressed
        What is being done, how much of it is done, and of how much (0: nobody knows).
    happened
        Every event, including those before the watch began.
    ended
        An `Outcome` and its sentence.
    """

    progressed = Signal(str, int, int)
    happened = Signal(object)
    ended = Signal(str, str)

    def __init__(self, stage: str, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._jobs = jobs
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    def look_at(self, run: RunFolder) -> None:
        """Watch what works on `run` now, if it is this stage."""
        job = self._jobs.attach(run)
        self._watch(job if job is not None and job.stage == self._stage else None)

    def start(self, run: RunFolder, *arguments: str | Path) -> None:
        """Start the stage and watch it. Raises ``UserError`` as `JobRunner.start`."""
        self._watch(self._jobs.start(self._stage, run, *arguments))

    def stop(self) -> None:
        """End the stage. Raises ``UserError`` where the disk is full."""
        if self._job is not None:
            self._job.stop()

    def _watch(self, job: Job | None) -> None:
        if job is self._job:
            return
        if self._job is not None:
            self._job.event.disconnect(self._happened)
            self._job.ended.disconnect(self._ended)
        self._job = job
        if job is None:
            return
        job.event.connect(self._happened)
        job.ended.connect(self._ended)
        for event in job.events:
            self._happened(event)

    def _happened(self, event: Event) -> None:
        if event.get("event") == "progress":
            done, total = int(event.get("done") or 0), int(event.get("total") or 0)
            self.progressed.emit(str(event.get("what") or ""), done, total)
        self.happened.emit(event)

    def _ended(self, outcome: str, message: str) -> None:
        self._watch(None)
        self.ended.emit(outcome, message)
