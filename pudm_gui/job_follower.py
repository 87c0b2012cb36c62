"""The thread that starts engine processes and reads what they write into their run folders."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QObject, QThread, Signal

from training.events import Event, LineReader
from training.runs import RunFolder

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1
CHUNK = 500
"""Events handed over at once: a long history must not hold up the window."""
LAST_WORDS_BYTES = 4096
LAST_WORDS_LINES = 6


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a process ended, as far as can be told from outside."""

    exit_code: int | None = None
    """None for a process that another one started."""
    last_words: str = ""
    """The last lines of its log."""
    start_error: str = ""
    """Why it could not be started at all."""


@dataclass(slots=True)
class _Followed:
    key: int
    run: RunFolder
    stage: str
    command: list[str] | None
    reader: LineReader = field(init=False)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.reader = LineReader(self.run.events_file)

    @property
    def log_file(self) -> Path:
        """Where the process prints to: beside the folder for samples, which go only into an empty one."""
        folder = self.run.path
        return folder.with_name(f"{folder.name}.log.txt") if self.stage == "sample" else self.run.log_file


class JobFollower(QThread):
    """Follows any number of run folders.

    Signals
    -------
    history, news
        Key of the job and a list of events, from before this process and from it.
    gone
        Key of the job and a `JobEnd`, after its last event.
    """

    history = Signal(int, list)
    news = Signal(int, list)
    gone = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._incoming: list[_Followed] = []
        self._doomed: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._followed: list[_Followed] = []

    def follow(self, key: int, run: RunFolder, stage: str, command: list[str] | None) -> None:
        """Start `command`, or look for the process that is there, and follow the run."""
        with self._lock:
            self._incoming.append(_Followed(key, run, stage, command))
        self._wake.set()

    def end_process(self, key: int) -> None:
        """End the process of one job."""
        with self._lock:
            self._doomed.add(key)
        self._wake.set()

    def close(self) -> None:
        """End the thread; processes go on. What was asked for but not yet begun is still started."""
        self.requestInterruption()
        self._wake.set()
        self.wait()

    def run(self) -> None:
        while not self.isInterruptionRequested():
            self._begin_incoming()
            self._end_doomed()
            self._followed = [followed for followed in self._followed if self._look(followed)]
            idle = not self._followed
            self._wake.wait(None if idle else POLL_SECONDS)
            self._wake.clear()
        self._begin_incoming()
        for followed in self._followed:
            if followed.process is not None and followed.process.poll() is None:
                followed.process.returncode = 0  # it is meant to outlive us: no warning about an unreaped child

    def _begin_incoming(self) -> None:
        with self._lock:
            incoming, self._incoming = self._incoming, []
        for followed in incoming:
            earlier, current = _split(list(followed.reader), followed)
            self._tell(self.history, followed, earlier)
            self._tell(self.news, followed, current)
            if followed.command is not None:
                try:
                    followed.process = _spawn(followed.command, followed.log_file)
                except OSError as error:
                    logger.error("The engine could not be started", exc_info=error)
                    self.gone.emit(followed.key, JobEnd(start_error=f"The engine could not be started: {error}."))
                    continue
            self._followed.append(followed)

    def _end_doomed(self) -> None:
        with self._lock:
            doomed, self._doomed = self._doomed, set()
        for followed in self._followed:
            if followed.key not in doomed:
                continue
            if followed.process is not None:
                followed.process.terminate()
            elif (pid := followed.run.worker()) is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    psutil.Process(pid).terminate()

    def _look(self, followed: _Followed) -> bool:
        """Hand over what is new; return whether the process lives."""
        process = followed.process
        alive = followed.run.worker() is not None if process is None else process.poll() is None
        self._tell(self.news, followed, list(followed.reader))  # after the look at the process: nothing is missed
        if alive:
            return True
        exit_code = None if process is None else process.returncode
        self.gone.emit(followed.key, JobEnd(exit_code, last_words(followed.log_file)))
        return False

    def _tell(self, signal: Any, followed: _Followed, events: list[Event]) -> None:
        for start in range(0, len(events), CHUNK):
            signal.emit(followed.key, events[start : start + CHUNK])


def last_words(log_file: Path, lines: int = LAST_WORDS_LINES) -> str:
    """The last lines of a log that are not empty; "" where there is none."""
    try:
        with log_file.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LAST_WORDS_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def _split(events: list[Event], followed: _Followed) -> tuple[list[Event], list[Event]]:
    """What earlier processes wrote, as far as it belongs to the stage, and what the one that is followed did."""
    begun = float("inf") if followed.command is not None else _worker_start(followed.run)
    earlier = [event for event in events if event.get("time", 0.0) < begun]
    current = [event for event in events if event.get("time", 0.0) >= begun]
    return (training_events(earlier) if followed.stage == "train" else []), current


def training_events(events: Iterable[Event]) -> list[Event]:
    """The events of training among those of all stages."""
    kept, training = [], True
    for event in events:
        if event.get("event") == "started":
            training = event.get("stage") == "train"
        if training:
            kept.append(event)
    return kept


def _worker_start(run: RunFolder) -> float:
    try:
        return float(json.loads(run.process_file.read_text("utf-8"))["started"]) - 1.0
    except (OSError, ValueError, KeyError):
        return 0.0


def _spawn(command: list[str], log_file: Path) -> subprocess.Popen[bytes]:
    log_file.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
    descriptor = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            cwd=_home(),
            env=environment,
            **_detached(),
        )
    finally:
        os.close(descriptor)


def _detached() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}


def _home() -> Path:
    """Where processes stand: a folder that nobody wants to unmount or delete while a run goes on."""
    return Path.home() if Path.home().is_dir() else Path(os.sep)
