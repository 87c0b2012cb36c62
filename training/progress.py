"""Telling how far long preparations are, and ending them when asked to."""

from __future__ import annotations

import time
from collections.abc import Callable

from training.events import EventLog

SECONDS = 2.0
"""Between two progress events."""


class ReadingStoppedError(Exception):
    """The preparation of images was told to stop; nothing that is incomplete is kept."""


class Progress:
    """Called after each image, or batch of them, with how many are done, of how many.

    Raises
    ------
    ReadingStoppedError
        From a call, once `stopped` says so.
    """

    def __init__(self, what: str, log: EventLog, stopped: Callable[[], bool]) -> None:
        self._what, self._log, self._stopped = what, log, stopped
        self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._told >= SECONDS:
            self._log.emit("progress", what=self._what, done=done, total=total)
            self._told = now
        if self._stopped():
            raise ReadingStoppedError
