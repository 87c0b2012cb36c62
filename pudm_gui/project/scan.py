"""Bringing the store in line with the disk: which images there are, and whether each can be used."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pudm_gui.project.ahead import ahead
from pudm_gui.project.catalogue import Catalogue
from pudm_gui.project.inspection import inspect_all
from pudm_gui.project.project import Project
from pudm_gui.project.roots import RECONNECT, roots
from pudm_gui.project.walk import Walk

PARTS_AHEAD = 8
"""How far the disk may be looked through ahead of what is written."""
PROGRESS_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far a scan is. "find" lists files and does not know how many there will be, so `total` is 0."""

    phase: Literal["find", "inspect"]
    done: int
    total: int


@dataclass(slots=True)
class ScanResult:
    """What a scan did. Numbers are of images."""

    found: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    """Found again under another path by their content, with their labels."""
    missing: int = 0
    """Newly gone from the disk; they keep their place and label."""
    inspected: int = 0
    problems: list[str] = field(default_factory=list)
    """Folders that could not be looked at, each in a sentence. Problems of single images are told on those."""
    cancelled: bool = False
    seconds: float = 0.0


def scan(
    project: Project,
    *,
    progress: Callable[[ScanProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ScanResult:
    """Look for new, changed, moved and vanished images in all folders of `project`, then inspect what is new.

    Made for a worker thread: writes are short, and the images found appear in the store at once. A cancelled scan keeps
    what it has done; the next one goes on from there.

    Raises
    ------
    UserError
        The project is open read-only, or the disk is full.
    """
    started = time.monotonic()
    result = ScanResult()
    tell = _Throttled(progress)
    db = project.connect()
    try:
        # What a power cut takes from a scan, the next scan finds again. Labels are written by other connections.
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        catalogue = Catalogue(project, db)
        _find(catalogue, project, result, tell, cancelled)
        result.added, result.changed, result.moved = catalogue.added, catalogue.changed, catalogue.moved
        result.missing = catalogue.missing
        if not cancelled():
            result.inspected = inspect_all(
                project, db, lambda done, total: tell(ScanProgress("inspect", done, total)), cancelled
            )
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        db.close()
    tell.flush()
    result.cancelled = cancelled()
    result.seconds = time.monotonic() - started
    return result


def _find(
    catalogue: Catalogue,
    project: Project,
    result: ScanResult,
    tell: Callable[[ScanProgress], None],
    cancelled: Callable[[], bool],
) -> None:
    for root in roots(project):
        if not root.available:
            result.problems.append(
                f"The folder {root.path} cannot be reached, so its images are left as they were; {RECONNECT}"
            )
            continue
        walk = Walk(root.path)
        catalogue.begin(root)
        for part in ahead(walk.parts(), PARTS_AHEAD):
            if cancelled():
                return
            catalogue.record(part)
            result.found += len(part)
            tell(ScanProgress("find", result.found, 0))
        result.problems += walk.problems
        if cancelled():
            return
        catalogue.mark_missing(walk.listed)
    catalogue.settle(cancelled)


class _Throttled:
    """Passes on the latest progress, but not more often than anybody can see. A new phase is told at once."""

    def __init__(self, progress: Callable[[ScanProgress], None]) -> None:
        self._progress = progress
        self._next = 0.0
        self._held: ScanProgress | None = None
        self._phase = ""

    def __call__(self, progress: ScanProgress) -> None:
        self._held = progress
        if time.monotonic() >= self._next or progress.phase != self._phase:
            self._phase = progress.phase
            self.flush()

    def flush(self) -> None:
        if self._held is not None:
            self._progress(self._held)
            self._held = None
            self._next = time.monotonic() + PROGRESS_SECONDS
