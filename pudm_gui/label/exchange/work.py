"""Reading, planning, importing and exporting on a thread, with progress and a way to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from pudm_gui.project.exchange.copies import Copying
from pudm_gui.project.exchange.exporting import ExportReport, export
from pudm_gui.project.exchange.formats import Format, format_of
from pudm_gui.project.exchange.importing import OutdatedPlanError, apply, make_plan, read_labels
from pudm_gui.project.exchange.matching import CancelledError, Matched
from pudm_gui.project.exchange.planning import ImportPlan, PlannedChange, planned_changes
from pudm_gui.project.images import image_ids
from pudm_gui.project.model import Change, Ids, ImageFilter
from pudm_gui.project.project import Project
from pudm_gui.widgets.off_thread import OffThread
from training.errors import UserError

TOLD_EVERY = 0.1
"""Seconds between two reports of progress."""
ROWS_SHOWN = 500
"""So many changes of a plan are listed."""


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A plan with the first of what it changes."""

    plan: ImportPlan
    matched: Matched
    first: list[PlannedChange]


class ExchangeWork(QObject):
    """One piece of work at a time; a new one takes the place of the one before.

    Signals
    -------
    progressed
        A number of rows or images, and how much of the whole that is, in [0, 1]; -1 where nobody knows.
    previewed
        A `Preview`.
    imported
        The `ImportPlan` that was applied, and a list of `Change`.
    outdated
        Labels have changed since the plan was made, so nothing was imported.
    exported
        An `ExportReport`.
    failed
        A sentence.
    stopped
        The work was cancelled, and nothing was changed or written.
    """

    progressed = Signal(int, float)
    previewed = Signal(object)
    imported = Signal(object, object)
    outdated = Signal()
    exported = Signal(object)
    failed = Signal(str)
    stopped = Signal()

    def __init__(self, project: Project, parent: QObject) -> None:
        super().__init__(parent)
        self._project = project
        self._thread = OffThread(self, threads=1)
        self._stop = threading.Event()
        self.busy = False

    def preview(self, path: Path, format_: Format | None, *, keep_existing: bool) -> None:
        """Read a file or folder, and plan what importing it would do."""

        def work(stop: threading.Event) -> Preview:
            form = format_ or format_of(path)
            whole = 0 if path.is_dir() else path.stat().st_size if path.exists() else 0
            tell = _Told(self, whole)
            matched = read_labels(self._project, path, form, progress=tell, cancelled=stop.is_set)
            return self._planned(path, form, matched, keep_existing, stop)

        self._start(work, self.previewed.emit)

    def plan_again(self, former: Preview, *, keep_existing: bool) -> None:
        """Plan anew, without reading the file again."""
        plan = former.plan

        def work(stop: threading.Event) -> Preview:
            return self._planned(plan.source, plan.format, former.matched, keep_existing, stop)

        self._start(work, self.previewed.emit)

    def apply(self, plan: ImportPlan) -> None:
        """Do what a plan says."""

        def work(stop: threading.Event) -> list[Change]:
            return apply(self._project, plan, stop.is_set)

        self._start(work, lambda changes: self.imported.emit(plan, changes), always=True)

    def export(self, path: Path, format_: Format, scope: Ids | ImageFilter | None, copying: Copying) -> None:
        """Write labels and tags of some images; of all that have any, where `scope` is None."""

        def work(stop: threading.Event) -> ExportReport:
            tell = _Told(self, 0)
            ids = image_ids(self._project, scope) if isinstance(scope, ImageFilter) else scope
            return export(
                self._project,
                path,
                format_,
                ids=ids,
                copying=copying,
                progress=tell.share,
                cancelled=stop.is_set,
            )

        self._start(work, self.exported.emit)

    def stop(self) -> None:
        """Give up what is under way; `stopped` tells when it has ended."""
        self._stop.set()

    def close(self) -> None:
        """Give up what is under way and wait for its end."""
        self._stop.set()
        self._thread.cancel_waiting()
        self._thread.wait()

    def _planned(
        self, path: Path, format_: Format, matched: Matched, keep_existing: bool, stop: threading.Event
    ) -> Preview:
        plan = make_plan(self._project, path, format_, matched, keep_existing=keep_existing, cancelled=stop.is_set)
        return Preview(plan, matched, planned_changes(self._project, plan, 0, ROWS_SHOWN))

    def _start(
        self, work: Callable[[threading.Event], Any], then: Callable[[Any], object], *, always: bool = False
    ) -> None:
        """`always`: what was done is told even where other work has taken its place since."""
        self._stop.set()
        stop = self._stop = threading.Event()
        self.busy = True

        def guarded() -> tuple[Callable[[Any], object], Any]:
            try:
                return then, work(stop)
            except CancelledError:
                return (lambda _: self.stopped.emit()), None
            except OutdatedPlanError:
                return (lambda _: self.outdated.emit()), None
            except UserError as error:
                return self.failed.emit, str(error)

        def tell(outcome: tuple[Callable[[Any], object], Any]) -> None:
            tell_it, result = outcome
            if stop is self._stop:
                self.busy = False
                tell_it(result)
            elif always and tell_it is then:
                tell_it(result)

        self._thread.submit(guarded, tell, failed=self._defect)

    def _defect(self) -> None:
        self.busy = False
        self.failed.emit(
            self.tr(
                "Something in the program went wrong, and nothing was changed. The log says more: Help, Show the log."
            )
        )


class _Told:
    """Reports progress now and then, from the thread."""

    def __init__(self, work: ExchangeWork, whole: int) -> None:
        self._work, self._whole, self._at = work, whole, 0.0

    def __call__(self, rows: int, read: int) -> None:
        self._tell(rows, read / self._whole if self._whole else -1.0)

    def share(self, done: int, total: int) -> None:
        self._tell(done, done / total if total else 1.0)

    def _tell(self, count: int, share: float) -> None:
        now = time.monotonic()
        if now - self._at >= TOLD_EVERY:
            self._at = now
            self._work.progressed.emit(count, share)
