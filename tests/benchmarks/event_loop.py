"""Watching the event loop of the real window: how long it is held up, and by what."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

BEAT_MS = 2

Wait = Callable[[], bool]
"""A phase yields what it waits for; the event loop goes on meanwhile."""
Phase = Callable[[], Iterator[Wait]]


@dataclass(frozen=True, slots=True)
class Held:
    """What one phase showed. Times in seconds."""

    name: str
    pause: float
    """The longest pause of the event loop."""
    ours: float
    """The same without the time in which the GUI thread was ready and other programs had the processors."""
    took: float


class EventLoop:
    """Runs phases in the event loop of a window while a heartbeat watches it."""

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.held: list[Held] = []
        self.phase = ""
        self.last = time.perf_counter()
        self._pause = 0.0
        self._ours = 0.0
        self._queued = queued_seconds()
        self._beat = QTimer(interval=BEAT_MS)
        self._beat.timeout.connect(self._tick)

    def run(self, name: str, phase: Phase) -> Held:
        """Go through one phase and say how long the loop was held up at most."""
        self._beat.start()
        self.wait(lambda: True)
        self.phase = name
        self._pause, self._ours, started = 0.0, 0.0, time.perf_counter()
        self.last, self._queued = started, queued_seconds()
        for ready in phase():
            self.wait(ready)
        self.wait(lambda: True)
        self._beat.stop()
        held = Held(name, self._pause, self._ours, time.perf_counter() - started)
        self.held.append(held)
        print(
            f"{name:<48} pause {1000 * held.pause:6.1f} ms, ours {1000 * held.ours:6.1f} ms, took {held.took:6.2f} s, "
            f"memory {psutil.Process().memory_info().rss >> 20} MB",
            flush=True,
        )
        return held

    def wait(self, ready: Wait) -> None:
        from PySide6.QtCore import QCoreApplication, QEventLoop

        while True:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if ready():
                return

    def _tick(self) -> None:
        now, queued = time.perf_counter(), queued_seconds()
        pause = now - self.last - BEAT_MS / 1000
        self._pause = max(self._pause, pause)
        self._ours = max(self._ours, pause - (queued - self._queued))
        self.last, self._queued = now, queued


class Explainer(threading.Thread):
    """Notes where the GUI thread is, and the others are, while the heartbeat is late."""

    def __init__(self, loop: EventLoop, late_ms: int = 30) -> None:
        super().__init__(daemon=True)
        self._loop, self._late = loop, late_ms / 1000
        self._main = threading.main_thread().ident
        self._began = 0.0
        gc.callbacks.append(self._collected)
        self._places: Counter[tuple[str, str]] = Counter()

    def run(self) -> None:
        while True:
            time.sleep(0.005)
            late = time.perf_counter() - self._loop.last
            if late > self._late:
                for ident, place in {ident: _place(frame) for ident, frame in sys._current_frames().items()}.items():
                    if ident == self._main:
                        self._places[self._loop.phase, f"GUI thread    {place}"] += 1
                    elif ident != self.ident:
                        self._places[self._loop.phase, f"another thread {place}"] += 1

    def _collected(self, stage: str, _: object) -> None:
        """Garbage is collected on any thread, and all others wait."""
        now = time.perf_counter()
        if stage == "start":
            self._began = now
        elif now - self._began > 0.02:
            print(f"    collecting garbage took {1000 * (now - self._began):.0f} ms", flush=True)

    def report(self) -> None:
        """Where the threads were in each phase, the most frequent places first."""
        for phase in dict.fromkeys(phase for phase, _ in self._places):
            print(phase)
            found = Counter({place: samples for (of, place), samples in self._places.items() if of == phase})
            for place, samples in found.most_common(8):
                print(f"  {5 * samples:6d} ms {place}")


def queued_seconds() -> float:
    """How long this thread has waited for a processor so far; 0 where the system does not tell."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _place(frame: FrameType | None) -> str:
    """The innermost five calls. Reads no source: while it did, the frame could end, and its painters would live on."""
    calls: list[str] = []
    while frame is not None and len(calls) < 5:
        calls.append(f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " > ".join(reversed(calls))
