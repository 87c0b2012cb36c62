"""What there is to filter by, asked for off the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from pudm_gui.project.facets import Facets, facets
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread


class FacetSource(QObject):
    """Keeps the last answer; `want` asks again where labels or images have changed since.

    Signals
    -------
    changed
        There are other `Facets` now.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.facets = Facets()
        self._session = session
        self._fresh = self._asking = self._closed = False
        self._thread = OffThread(self, threads=1)
        session.labels_changed.connect(lambda _: self._outdate())
        session.images_changed.connect(self._outdate)

    @property
    def busy(self) -> bool:
        return self._asking

    def want(self) -> None:
        """Bring the answer up to date, unless it is."""
        if self._fresh or self._asking or self._closed:
            return
        self._asking = self._fresh = True
        project = self._session.project
        self._thread.submit(lambda: facets(project), self._answered, failed=self._failed)

    def close(self) -> None:
        """Wait for the thread: the project is about to be closed."""
        self._closed = True
        self._thread.cancel_waiting()
        self._thread.wait()

    def _outdate(self) -> None:
        self._fresh = False

    def _answered(self, found: Facets) -> None:
        self._asking = False
        if found != self.facets and not self._closed:
            self.facets = found
            self.changed.emit()

    def _failed(self) -> None:
        self._asking = self._fresh = False
