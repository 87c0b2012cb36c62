"""What one window works on: the project, what has changed in it, and the choices that all pages share."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal

from training.errors import UserError
from training.runs import RunFolder

if TYPE_CHECKING:
    from pudm_gui.project.project import Project

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL = 0.2
"""Seconds between two reports of a scan: more often, nobody could read them."""


class Session(QObject):
    """The state that pages share. Data flows one way: an action changes the store, then emits what changed.

    Signals
    -------
    labels_changed
        A `Change` of the store: which images got which label.
    images_changed
        Images were added, or what is known about them changed.
    runs_changed
        A run was added, or stands differently.
    message
        A sentence for the person and its kind: "info", "success", "warning" or "error".
    """

    labels_changed = Signal(object)
    images_changed = Signal()
    runs_changed = Signal()
    message = Signal(str, str)
    current_run_changed = Signal(object)
    scan_progress = Signal(object)
    scan_finished = Signal(object)
    hide_everything_changed = Signal(bool)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self._current_run: RunFolder | None = None
        self._hide_everything = False
        self._scan: _ScanThread | None = None

    @property
    def read_only(self) -> bool:
        return self.project.read_only

    @property
    def current_run(self) -> RunFolder | None:
        """The run that Train, Review and Export show."""
        return self._current_run

    @current_run.setter
    def current_run(self, run: RunFolder | None) -> None:
        if run != self._current_run:
            self._current_run = run
            self.current_run_changed.emit(run)

    @property
    def hide_everything(self) -> bool:
        """Whether no picture is to be seen, on any page."""
        return self._hide_everything

    @hide_everything.setter
    def hide_everything(self, hide: bool) -> None:
        if hide != self._hide_everything:
            self._hide_everything = hide
            self.hide_everything_changed.emit(hide)

    @property
    def scanning(self) -> bool:
        return self._scan is not None

    def start_scan(self) -> None:
        """Look for new and changed images on a thread, unless one does already, or the project may not be changed."""
        if self.read_only or self._scan is not None:
            return
        scan = _ScanThread(self.project)
        scan.progress.connect(self._scan_advanced)
        scan.finished.connect(self._scan_ended)
        self._scan = scan
        scan.start()

    def add_folder(self, folder: Path) -> None:
        """Add a folder of images to the project and look into it."""
        from pudm_gui.project.roots import add_root

        try:
            add_root(self.project, folder)
        except UserError as error:
            self.message.emit(str(error), "error")
            return
        self.start_scan()
        self.images_changed.emit()

    def cancel_scan(self) -> None:
        if self._scan is not None:
            self._scan.requestInterruption()

    def close(self) -> None:
        """End the scan and close the project."""
        if self._scan is not None:
            self._scan.finished.disconnect(self._scan_ended)
            self._scan.requestInterruption()
            self._scan.wait()
            self._scan.deleteLater()
            self._scan = None
        self.project.close()

    def _scan_advanced(self, progress: object) -> None:
        if self._scan is None:  # told before the session was closed, delivered after
            return
        self.scan_progress.emit(progress)
        self.images_changed.emit()

    def _scan_ended(self) -> None:
        scan = self._scan
        if scan is None:
            return
        self._scan = None
        scan.wait()
        if scan.error is not None:
            self.message.emit(self._failure(scan.error), "error")
        self.images_changed.emit()
        self.scan_finished.emit(scan.result)
        scan.deleteLater()

    def _failure(self, error: Exception) -> str:
        if isinstance(error, UserError):
            return str(error)
        logger.error("The scan failed", exc_info=error)
        return self.tr("Looking for images failed, and the images found so far are kept: {reason}").format(reason=error)


class _ScanThread(QThread):
    progress = Signal(object)

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._told = 0.0
        self.result: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        from pudm_gui.project.scan import scan

        try:
            self.result = scan(self._project, progress=self._tell, cancelled=self.isInterruptionRequested)
        except Exception as error:  # noqa: BLE001 - told by the session, on the GUI thread
            self.error = error

    def _tell(self, progress: object) -> None:
        now = time.monotonic()
        if now - self._told >= PROGRESS_INTERVAL:
            self._told = now
            self.progress.emit(progress)
