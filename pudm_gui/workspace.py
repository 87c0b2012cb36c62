"""One open project: its session, its jobs, the four pages, and what the rail and the status line say about them."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from pudm_gui.jobs import Job, JobRunner
from pudm_gui.session import Session
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.qt_types import MODULES, make_types
from pudm_gui.widgets.rail import Rail
from pudm_gui.widgets.status_line import Activity, StatusLine
from training.runs import RunFolder

if TYPE_CHECKING:
    from pudm_gui.project.project import Project

logger = logging.getLogger(__name__)

PRIOR_FOLDER = "prior"
FEATURE_JOBS = "features/*/job"
PAGE_OF = {"evaluate": "review", "sample": "review", "export": "export", "features": "label"}
"""Where a job of this stage is shown, where that is not the Train page."""
COUNT_DELAY_MS = 60
"""Changes within this time are counted once."""
WARM_UP_MS = 1500
"""When the project has been open for so long, what the Train page will need is loaded."""


class Workspace(QObject):
    """Brings an open project to the window's rail, stack and status line.

    Signals
    -------
    page_changed
        Name of the page that is shown now.
    """

    page_changed = Signal(str)

    def __init__(
        self, project: Project, rail: Rail, stack: QStackedWidget, status: StatusLine, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session = Session(project, self)
        self.jobs = JobRunner(self)
        self._rail, self._stack, self._status = rail, stack, status
        self._pages: dict[str, QWidget] = {}
        self._current = ""
        self._followed: Job | None = None
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.timeout.connect(self._count)
        self._warming = QTimer(self)
        self._warming.setSingleShot(True)
        self._warming.timeout.connect(self._warm_up)
        self._warming.start(WARM_UP_MS)
        self._types = list(MODULES)
        self._work = OffThread(self, threads=1)
        self._connect()
        status.show_project(project.name, str(project.path))
        self._count()

    @property
    def current_page(self) -> str:
        return self._current

    def page(self, name: str) -> QWidget:
        """The page, made at its first use."""
        if name not in self._pages:
            self._pages[name] = self._make(name)
            self._stack.addWidget(self._pages[name])
        return self._pages[name]

    def show_page(self, name: str) -> None:
        page = self.page(name)
        self._current = name
        self._rail.select(name)
        self._stack.setCurrentWidget(page)
        page.setFocus()  # not the rail: Tab leads into the page, and its keys work at once
        if hasattr(page, "shown"):
            page.shown()
        self.page_changed.emit(name)

    def attach_running(self) -> None:
        """Find the jobs that go on from before, and show the newest run on the pages."""
        from pudm_gui.project.runs import list_runs

        runs = list_runs(self.session.project)
        others = [self.session.project.path / PRIOR_FOLDER, *self.session.project.path.glob(FEATURE_JOBS)]
        for run in [*reversed(runs), *map(RunFolder, others)]:
            self.jobs.attach(run)
        if runs and self.session.current_run is None:
            self.session.current_run = runs[0]

    def close(self) -> None:
        """Let go of the project. Jobs go on without a window."""
        self._counting.stop()
        self._warming.stop()
        for page in self._pages.values():
            page.close()
            self._stack.removeWidget(page)
            page.deleteLater()
            # Now, while there is a project: it ends the page's threads, and nothing they bring can start a job later.
            QCoreApplication.sendPostedEvents(page, QEvent.Type.DeferredDelete)
        self._pages.clear()
        self._status.scan.stop_clicked.disconnect(self.session.cancel_scan)
        self._status.scan.clicked.disconnect(self._show_label)
        self._status.job.stop_clicked.disconnect(self._stop_job)
        self._status.job.clicked.disconnect(self._show_job)
        self._status.background.clicked.disconnect(self._show_label)
        self._status.background.pause_clicked.disconnect(self._pause_background)
        self._status.background.stop_clicked.disconnect(self._stop_background)
        self.jobs.close()
        self.session.close()
        self._rail.clear()
        self._status.clear()

    def _connect(self) -> None:
        session, status = self.session, self._status
        session.labels_changed.connect(self._count_soon)
        session.images_changed.connect(self._count_soon)
        session.scan_progress.connect(self._show_scan)
        session.scan_finished.connect(self._scan_ended)
        status.scan.stop_clicked.connect(session.cancel_scan)
        status.scan.clicked.connect(self._show_label)
        self.jobs.active_changed.connect(self._follow_newest)
        status.job.stop_clicked.connect(self._stop_job)
        status.job.clicked.connect(self._show_job)
        status.background.clicked.connect(self._show_label)
        status.background.pause_clicked.connect(self._pause_background)
        status.background.stop_clicked.connect(self._stop_background)

    def _make(self, name: str) -> QWidget:
        page: Any  # a QWidget with the two signals
        try:
            page = PAGES[name](self.session, self.jobs)
        except Exception as error:
            logger.error("The page %s could not be made", name, exc_info=error)
            return EmptyState(
                self.tr("This page cannot be shown"),
                self.tr("Something in the program went wrong: {reason}. Your labels are saved.").format(reason=error),
                icon_name="error",
            )
        page.rail_state.connect(lambda state: self._rail.set_state(name, state))
        page.go_to.connect(self.show_page)
        if hasattr(page, "activity"):  # something that the page does in the background
            page.activity.connect(self._show_background)
        return page

    def _warm_up(self) -> None:
        """Load pyqtgraph on a thread: on this one it would hold up the window for half a second, at the first use."""
        if self._types:
            make_types(self._types.pop())  # one after the other: all at once would be felt
            self._warming.start(0)
            return
        self._work.submit(lambda: import_module("pyqtgraph"), lambda _: self._warm())

    def _warm(self) -> None:
        if self._pages:  # otherwise closed meanwhile, and what is left of it is to be collected
            gc.freeze()  # as after opening

    def _count_soon(self, *_: object) -> None:
        if not self._counting.isActive():
            self._counting.start(COUNT_DELAY_MS)

    def _count(self) -> None:
        from pudm_gui.project.images import counts

        found = counts(self.session.project)
        self._status.show_counts(found.total, found.sensitive, found.normal)

    def _show_scan(self, progress: object) -> None:
        done, total = getattr(progress, "done", 0), getattr(progress, "total", 0)
        words = self.tr("Looking at images") if total else self.tr("Looking for images")
        self._status.scan.show_activity(words, done / total if total else None)

    def _scan_ended(self, result: object) -> None:
        self._status.scan.hide()
        if problems := getattr(result, "problems", None):
            more = self.tr(" And {n} more folders.").format(n=len(problems) - 1) if len(problems) > 1 else ""
            self.session.message.emit(problems[0] + more, "warning")

    def _newest_job(self) -> Job | None:
        active = self.jobs.active
        return active[-1] if active else None

    def _follow_newest(self) -> None:
        job = self._newest_job()
        if job is not None and job is not self._followed:
            self._followed = job
            job.events_added.connect(self._show_job_progress)
            job.state_changed.connect(self._show_job_progress)
        self._show_job_progress()

    def _show_job_progress(self, _: object = None) -> None:
        job = self._newest_job()
        if job is None:
            self._status.job.hide()
            return
        from pudm_gui.job_words import job_words

        words, fraction = job_words(job)
        self._status.job.show_activity(words, fraction)
        self._status.job.stop.setEnabled(not self.session.read_only)

    def _stop_job(self) -> None:
        if job := self._newest_job():
            job.stop()

    def _show_background(self, activity: Activity | None) -> None:
        if activity is None:
            self._status.background.hide()
        else:
            self._status.background.show_activity(activity.words, activity.fraction, paused=activity.paused)

    def _pause_background(self) -> None:
        page: Any = self.page("label")
        page.preparing.pause_or_go_on()

    def _stop_background(self) -> None:
        page: Any = self.page("label")
        page.preparing.stop()

    def _show_label(self) -> None:
        self.show_page("label")

    def _show_job(self) -> None:
        if job := self._newest_job():
            self.show_page(PAGE_OF.get(job.stage, "train"))


def _label(session: Session, jobs: JobRunner) -> QWidget:
    from pudm_gui.label.page import LabelPage

    return LabelPage(session, jobs)


def _train(session: Session, jobs: JobRunner) -> QWidget:
    from pudm_gui.train.page import TrainPage

    return TrainPage(session, jobs)


def _review(session: Session, jobs: JobRunner) -> QWidget:
    from pudm_gui.review.page import ReviewPage

    return ReviewPage(session, jobs)


def _export(session: Session, jobs: JobRunner) -> QWidget:
    from pudm_gui.export.page import ExportPage

    return ExportPage(session, jobs)


# Imported at first use: the window is on the screen before any page is loaded.
PAGES: dict[str, Callable[[Session, JobRunner], QWidget]] = {
    "label": _label,
    "train": _train,
    "review": _review,
    "export": _export,
}
