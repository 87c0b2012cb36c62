"""Timing what a benchmark does, and what another thread notices of it meanwhile."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable

import numpy as np
import psutil

from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project


class Watch:
    """Stands for the window: a thread that wants the interpreter every millisecond.

    Attributes
    ----------
    longest
        Seconds that it waited at most.
    most
        Megabytes by which this process grew at most, without files that are mapped.
    """

    def __init__(self) -> None:
        self.longest = self.most = 0.0
        self._process = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._before = self._megabytes()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            started = time.perf_counter()
            time.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - started - 0.001)
            self.most = max(self.most, self._megabytes() - self._before)

    def _megabytes(self) -> float:
        memory = self._process.memory_info()
        return (memory.rss - getattr(memory, "shared", 0)) / 1e6


class Curator:
    """Labels an image every 50 ms, and notes how long it waited for its turn to write, and in all."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._turns: list[float] = []
        self._labels: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Curator:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def __str__(self) -> str:
        turns, all_ = (np.array(waits) * 1e3 for waits in (self._turns, self._labels))
        return (
            f"{len(all_)} labels meanwhile waited for their turn {np.median(turns):.1f} ms, at most {turns.max():.1f}; "
            f"were on the disk after {np.median(all_):.1f}, at most {all_.max():.1f}"
        )

    def _run(self) -> None:
        turn = 0
        while not self._stop.wait(0.05):
            started = time.perf_counter()
            with self._project.writing():
                begun = time.perf_counter()
            if not self._project.db.execute("SELECT 1 FROM images LIMIT 1").fetchone():
                continue
            self._turns.append(begun - started)
            started = time.perf_counter()
            set_label(self._project, np.array([1]), Label(1 + turn % 2))
            self._labels.append(time.perf_counter() - started)
            turn += 1


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def median(action: Callable[[], object], times: int = 5) -> float:
    return statistics.median(timed(action) for _ in range(times))


def say(what: str, seconds: float, items: int = 0, note: str = "") -> None:
    note = f"{items / seconds:14,.0f} a second" if items else note and f"   {note}"
    print(f"{what:36} {1e3 * seconds:10,.1f} ms{note}", flush=True)
