"""Kinds of images that look like the sensitive ones, of which none is labeled; found off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Change
from pudm_gui.project.project import Project
from pudm_gui.session import Session

if TYPE_CHECKING:
    from pudm_gui.suggest.index import FeatureIndex
    from pudm_gui.suggest.model import Gap

PAUSE_MS = 2000
"""They are looked for again when no label was given for so long."""


class MissedKinds(QObject):
    """Looks for them when somebody wants to see them, and again when labels have changed.

    Signals
    -------
    changed
        Other kinds.
    """

    changed = Signal()

    def __init__(self, session: Session, source: FeatureSource, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._source = session, source
        self.gaps: list[Gap] | None = None
        """None while they are not known."""
        self.watched: Callable[[], bool] = lambda: False
        """Whether somebody sees them."""
        self.failed = False
        """Whether they could not be found out."""
        self._wanted = False
        self._stale = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._look)
        source.loaded.connect(self._start_anew)
        session.labels_changed.connect(self._labels_changed)

    def want(self) -> None:
        """Somebody looks at them."""
        if not self._wanted or self._stale or self.failed:
            self._wanted = True
            self._look()

    def _labels_changed(self, change: Change) -> None:
        if self._wanted and change.kind != "tag":
            self._stale = True
            if self.watched():
                self._pause.start()

    def _start_anew(self) -> None:
        self.gaps = None
        self.changed.emit()
        self._look()

    def _look(self) -> None:
        self._pause.stop()
        if self._wanted:
            self._stale = False
            self._tell_failed(False)
            work = partial(found_gaps, self._session.project)
            self._source.ask(work, self._found, failed=lambda: self._tell_failed(True), slow=True)

    def _tell_failed(self, failed: bool) -> None:
        if failed != self.failed:
            self.failed = failed
            self.changed.emit()

    def _found(self, gaps: list[Gap]) -> None:
        self.gaps = gaps
        self.changed.emit()


def found_gaps(project: Project, index: FeatureIndex) -> list[Gap]:
    """For threads."""
    from pudm_gui.suggest.coverage import coverage

    return coverage(index, labels_for(project, index.ids))
