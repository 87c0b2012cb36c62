"""How many images there are of each kind, kept up to date as labels change."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from pudm_gui.project.images import counts, label_totals
from pudm_gui.project.model import Counts
from pudm_gui.project.project import Project
from pudm_gui.widgets.off_thread import OffThread


class Counting(QObject):
    """The counts over all images.

    Signals
    -------
    changed
        Other `Counts`.
    """

    changed = Signal(object)

    def __init__(self, project: Project, parent: QObject) -> None:
        super().__init__(parent)
        self.counts = Counts(0, 0, 0, 0, 0)
        self._project = project
        self._question = 0
        self._thread = OffThread(self, threads=1)

    def take_over(self, found: Counts) -> None:
        """These are the counts now."""
        if found != self.counts:
            self.counts = found
            self.changed.emit(found)

    def follow(self) -> None:
        """Labels have changed: count from what is at hand.

        Where there are unreadable or changed images, a thread finds out whether some have a label, or an old one still.
        """
        before = self.counts
        hopeless = before.total - before.unlabeled - before.sensitive - before.normal
        sensitive, normal = label_totals(self._project.db)
        unlabeled = before.total - sensitive - normal - hopeless
        self.take_over(replace(before, unlabeled=unlabeled, sensitive=sensitive, normal=normal))
        if before.unreadable or before.changed:
            self._count_exactly()

    def close(self) -> None:
        """Wait for the thread; what it brings is no longer used."""
        self._question += 1
        self._thread.cancel_waiting()
        self._thread.wait()

    def _count_exactly(self) -> None:
        project = self._project
        self._question += 1
        number = self._question
        self._thread.cancel_waiting()
        self._thread.submit(
            lambda: counts(project), lambda found: self.take_over(found) if number == self._question else None
        )
