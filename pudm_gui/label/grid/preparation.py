"""Making the thumbnails of all images before they are looked at, whenever the threads have nothing else to do."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from pudm_gui.label.decode import read_image
from pudm_gui.label.grid.thumbnail import Store, Wanted, encoded
from pudm_gui.label.veil import Veil
from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.model import Ids
from pudm_gui.project.project import Project
from training.images import ImageError

ROWS_AT_ONCE = 200
STEP_SECONDS = 0.02
"""What is there already is passed over for so long before the threads look for something more urgent."""
GROWTH = 256 << 20
"""Bytes by which the store is allowed to grow at a time."""

End = Literal["done", "full", "failed"]


class RoomyStore(Store, Protocol):
    """A store that can say what it has, and how much more it holds."""

    def has(self, key: str) -> bool: ...

    def room(self) -> int: ...

    def grow(self, by_bytes: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a preparation is. Numbers are of images; `total` is 0 while they are being counted."""

    done: int
    total: int
    end: End | None = None
    """Why there is nothing more to do."""


class Preparation:
    """Walks through all images of a project in their order; for threads, which take its steps in turn."""

    def __init__(self, project: Project, store: RoomyStore, edge: int) -> None:
        """`edge`: longer edge of the pictures in device pixels."""
        self._project, self._store, self._edge = project, store, edge
        self._lock = threading.Lock()  # never held by those who ask for the progress
        self._ids: Ids | None = None
        self._taken = 0
        self._finished = 0
        self._batch: deque[Wanted | None] = deque()
        self._end: End | None = None

    @property
    def progress(self) -> Progress:
        ids = self._ids
        return Progress(self._finished, 0 if ids is None else len(ids), self._end)

    def step(self) -> bool:
        """Make one thumbnail, or pass over some that are there already; whether there is more to do."""
        try:
            return self._step(time.monotonic() + STEP_SECONDS)
        except BaseException:
            self._end = "failed"
            raise

    def _step(self, until: float) -> bool:
        while time.monotonic() < until:
            with self._lock:
                if self._end is not None or not self._fill():
                    return False
                wanted = self._batch.popleft()
            made = wanted is not None and self._make(wanted)
            with self._lock:
                self._finished += 1
                if self._ids is not None and self._finished == len(self._ids) and self._end is None:
                    self._end = "done"
            if made:
                return True
        return True

    def _fill(self) -> bool:
        """Have something in the batch; whether there is any left to take."""
        if self._ids is None:
            self._ids = image_ids(self._project)
            self._end = None if len(self._ids) else "done"
        if not self._batch and self._taken < len(self._ids):
            ids = self._ids[self._taken : self._taken + ROWS_AT_ONCE]
            self._taken += len(ids)
            self._batch.extend(
                Wanted.of(row, self._edge, Veil()) if row.problem is None else None
                for row in image_rows(self._project, np.asarray(ids))
            )
        return bool(self._batch)

    def _make(self, wanted: Wanted) -> bool:
        """Whether there was anything to do."""
        if self._store.has(wanted.stored_as):
            return False
        try:
            data = encoded(read_image(wanted.file, longest=wanted.level))
        except ImageError:  # told where it is seen
            return True
        if self._store.room() < len(data) and not self._store.grow(GROWTH):
            with self._lock:
                self._end = "full"
            return True
        self._store.put(wanted.stored_as, data)
        return True
