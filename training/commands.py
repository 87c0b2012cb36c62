"""What was asked of a job that is not training: to pause, to go on, to stop."""

from __future__ import annotations

import time

import psutil

from training.events import EventLog, LineReader
from training.runs import RunFolder

PAUSE_POLL = 0.2
"""Seconds between looks while paused."""


class Commands:
    """Looks into a run folder's commands. Those for an earlier process do not count."""

    def __init__(self, run: RunFolder, log: EventLog) -> None:
        self._lines = LineReader(run.commands_file)
        self._log = log
        self._since = last_sign_of_others(run)
        self._paused = self._stop = False

    def stop_asked(self) -> bool:
        """Whether to stop; does not wait while paused."""
        self._look()
        return self._stop

    def wait_or_stop(self) -> bool:
        """Wait while paused; then whether to stop."""
        self._look()
        while self._paused and not self._stop:
            time.sleep(PAUSE_POLL)
            self._look()
        return self._stop

    def forget(self) -> None:
        """Take a stop as done: only a further one counts."""
        self._stop = False

    def _look(self) -> None:
        for line in self._lines:
            if line.get("time", 0.0) < self._since:
                continue
            match line.get("command"):
                case "stop":
                    self._stop = True
                case "pause" if not self._paused:
                    self._paused = True
                    self._log.emit("paused")
                case "resume" if self._paused:
                    self._paused = False
                    self._log.emit("resumed")


def last_sign_of_others(run: RunFolder) -> float:
    """UNIX seconds before which commands are for an earlier process.

    A process's start may be told a second too early: a stop that ended the process before must not end this one too.
    """
    born = psutil.Process().create_time()
    last_words = max((event.get("time", 0.0) for event in run.events()), default=0.0)
    return max(born, last_words) if last_words <= time.time() else born  # a clock may have been set back
