"""Engine processes as the window sees them: started, followed through their run folder, and outlived by it.

A run folder is the only link between the window and the engine, so a job that another window started, or this one
before it was closed, is followed in the same way as one of our own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, Signal

from pudm_gui.job_follower import JobEnd, JobFollower
from training.errors import UserError
from training.events import Command, Event, send_command
from training.runs import RunFolder, engine_command

Outcome = Literal["finished", "failed", "stopped", "interrupted"]
JobState = Literal["starting", "running", "paused", "finished", "failed", "stopped", "interrupted"]
OUTCOMES: tuple[Outcome, ...] = ("finished", "failed", "stopped", "interrupted")
STATE_AFTER: dict[str, JobState] = {
    "started": "running",
    "progress": "running",
    "step": "running",
    "resumed": "running",
    "paused": "paused",
}


class Job(QObject):
    """One stage of the engine at work on one run folder.

    Signals
    -------
    event
        Each event in order, what happened before first: all that training ever did for a "train" job, only what this
        process did for any other.
    events_added
        The same in lists, for those who would rather draw once for many.
    state_changed
        A `JobState`.
    ended
        An `Outcome`, and the sentence that goes with it.
    stop_requested
        For the runner: a process that takes no commands is to be ended.
    """

    stop_requested = Signal()
    event = Signal(object)  # type: ignore[assignment]  # nobody calls QObject.event on a job
    events_added = Signal(list)
    state_changed = Signal(str)
    ended = Signal(str, str)

    def __init__(self, stage: str, run: RunFolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stage = stage
        self.run = run
        self.events: list[Event] = []
        self.message = ""
        self._state: JobState = "starting"
        self._attempt_begins = 0
        self._stopping = False

    @property
    def state(self) -> JobState:
        return self._state

    @property
    def active(self) -> bool:
        return self._state not in OUTCOMES

    @property
    def attempt(self) -> list[Event]:
        """The events of this process alone."""
        return self.events[self._attempt_begins :]

    def send(self, command: Command) -> None:
        """Ask the process to pause, resume, stop, or draw samples now.

        Raises
        ------
        UserError
            The disk is full.
        """
        send_command(self.run.path, command)

    def stop(self) -> None:
        """End the process. Training saves a checkpoint first, looking at images what it has; other stages just end.

        Raises
        ------
        UserError
            The disk is full.
        """
        self._stopping = True
        if self.stage in ("train", "features"):
            self.send("stop")
        else:
            self.stop_requested.emit()

    def add_history(self, events: list[Event]) -> None:
        """Events of earlier processes on the same folder."""
        self._attempt_begins += len(events)
        self._announce(events)

    def add_events(self, events: list[Event]) -> None:
        self._announce(events)
        for event in reversed(events):
            if (state := STATE_AFTER.get(str(event.get("event")))) is not None:
                self._set_state(state)
                return

    def end(self, end: JobEnd) -> None:
        outcome, self.message = _outcome(self.attempt, end)
        if outcome == "interrupted" and self._stopping:
            outcome, self.message = "stopped", ""
        self._set_state(outcome)
        self.ended.emit(outcome, self.message)

    def _announce(self, events: list[Event]) -> None:
        self.events += events
        for event in events:
            self.event.emit(event)
        if events:
            self.events_added.emit(events)

    def _set_state(self, state: JobState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)


class JobRunner(QObject):
    """Starts jobs, finds those that go on from before, and follows them all on one thread.

    Signals
    -------
    active_changed
        A job began or ended.
    """

    active_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[int, Job] = {}
        self._follower: JobFollower | None = None
        self._next = 0

    @property
    def active(self) -> list[Job]:
        return list(self._jobs.values())

    def job_for(self, run: RunFolder, stage: str | None = None) -> Job | None:
        """The active job on `run`, if there is one."""
        jobs = (job for job in self._jobs.values() if job.run == run and stage in (None, job.stage))
        return next(jobs, None)

    def start(self, stage: str, run: RunFolder, *arguments: str | Path) -> Job:
        """Start a stage in a process of its own, which outlives the window.

        Parameters
        ----------
        stage
            "train", "sample", "evaluate", "prior", "features" or "export".
        run
            The folder that the stage writes its events into. For "sample" it is the folder of the new images.
        arguments
            What follows the folder on the engine's command line; for "sample", the model's folder and the options.

        Raises
        ------
        UserError
            Another process already works on the folder.
        """
        if self.job_for(run) is not None or run.worker() is not None:
            raise UserError(
                self.tr("{name} is still being worked on; wait for it to end, or stop it first.").format(
                    name=run.path.name
                )
            )
        placed = (*arguments, "--out", run.path) if stage == "sample" else (run.path, *arguments)
        job = Job(stage, run, self)
        self._follow(job, engine_command(stage, *placed))
        return job

    def attach(self, run: RunFolder) -> Job | None:
        """Follow the live process that works on `run`; None where there is none."""
        known = self.job_for(run)
        if known is not None or run.worker() is None:
            return known
        job = Job(_running_stage(run.events()), run, self)
        self._follow(job, None)
        return job

    def close(self) -> None:
        """Follow no longer. The processes go on."""
        if self._follower is not None:
            self._follower.close()
            self._follower = None
        self._jobs.clear()

    def _follow(self, job: Job, command: list[str] | None) -> None:
        if self._follower is None:
            self._follower = JobFollower(self)
            self._follower.history.connect(self._history)
            self._follower.news.connect(self._news)
            self._follower.gone.connect(self._gone)
            self._follower.start()
        follower = self._follower
        self._next += 1
        key = self._next
        self._jobs[key] = job
        job.stop_requested.connect(lambda: follower.end_process(key))
        follower.follow(key, job.run, job.stage, command)
        self.active_changed.emit()

    def _history(self, key: int, events: list[Event]) -> None:
        if job := self._jobs.get(key):
            job.add_history(events)

    def _news(self, key: int, events: list[Event]) -> None:
        if job := self._jobs.get(key):
            job.add_events(events)

    def _gone(self, key: int, end: JobEnd) -> None:
        job = self._jobs.pop(key, None)
        if job is None:
            return
        job.end(end)
        self.active_changed.emit()
        job.deleteLater()


def _running_stage(events: Iterable[Event]) -> str:
    """Stage of the last process. Training alone prepares images before it says that it has started."""
    return next((str(e.get("stage")) for e in reversed(list(events)) if e.get("event") == "started"), "train")


def _outcome(attempt: list[Event], end: JobEnd) -> tuple[Outcome, str]:
    for event in reversed(attempt):
        kind = event.get("event")
        if kind in ("finished", "stopped"):
            return kind, ""
        if kind == "failed":
            return "failed", str(event.get("message") or "")
    if end.exit_code == 0 or (end.exit_code is None and any(e.get("event") == "result" for e in attempt)):
        return "finished", ""
    if end.exit_code == 2 and end.last_words:
        return "failed", end.last_words.splitlines()[-1]
    if end.start_error:
        return "failed", end.start_error
    told = QCoreApplication.translate("Job", "The process ended without saying why; it may have been killed.")
    return "interrupted", end.last_words or told
