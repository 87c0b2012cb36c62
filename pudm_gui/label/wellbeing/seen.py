"""Counting what was seen: the pictures that were on the screen, neither covered nor hidden, in this session."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLocale, QObject, QTimer, Signal
from PySide6.QtWidgets import QLabel, QWidget

from pudm_gui.label.grid.thumbnail import key_of
from pudm_gui.label.grid.view import GridView
from pudm_gui.label.shown_image import ShownImage
from pudm_gui.project.columns import distinct
from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Change, Ids, Label
from pudm_gui.session import Session

LOOK_MS = 500
"""A picture counts when it is there at one of these moments; what rushes by does not."""


class Seen(QObject):
    """Remembers which images were seen. Those that are labeled sensitive are counted apart, whenever that was done.

    Signals
    -------
    changed
        One of the counts is another.
    """

    changed = Signal()

    def __init__(self, session: Session, view: GridView, shown_image: ShownImage, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._view, self._shown_image = session, view, shown_image
        self._seen: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self._sensitive: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.count = self.sensitive = 0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        session.labels_changed.connect(self._labels_changed)

    def set_counting(self, counting: bool) -> None:
        """Begin or go on, or stop."""
        if counting:
            self._timer.start()
        else:
            self._timer.stop()

    def look(self) -> None:
        """Count what is on the screen now."""
        if self._session.hide_everything:
            return
        ids = self._bare_tiles() if self._view.isVisible() else []
        if (shown := self._shown_image.bare) is not None:
            ids.append(shown)
        if ids:
            self._note(np.array(ids, dtype=np.int64))

    def _bare_tiles(self) -> list[int]:
        """Images in sight in the grid whose pictures are there and not covered."""
        view = self._view
        found = []
        for start, stop in view.sight.range().ranges:
            for index, row in enumerate(view.model.rows(start, stop), start):
                tile = view.thumbnails.tile(key_of(row))
                if tile is not None and tile.problem is None and not view.veils(index):
                    found.append(row.id)
        return found

    def _note(self, ids: Ids) -> None:
        size = int(ids.max()) + 1
        if size > len(self._seen):
            more = max(size, 2 * len(self._seen)) - len(self._seen)
            self._seen = np.pad(self._seen, (0, more))
            self._sensitive = np.pad(self._sensitive, (0, more))
        new = distinct(ids[~self._seen[ids]])
        if len(new):
            self._seen[new] = True
            self._sensitive[new] = labels_for(self._session.project, new) == Label.SENSITIVE
            self._count()

    def _labels_changed(self, change: Change) -> None:
        ids = change.ids[change.ids < len(self._seen)]
        ids = ids[self._seen[ids]]
        if len(ids):
            if change.label is not None:
                self._sensitive[ids] = change.label == Label.SENSITIVE
            else:
                self._sensitive[ids] = labels_for(self._session.project, ids) == Label.SENSITIVE
            self._count()

    def _count(self) -> None:
        self.count = int(np.count_nonzero(self._seen))
        self.sensitive = int(np.count_nonzero(self._sensitive))
        self.changed.emit()


class SeenLabel(QLabel):
    """The counts, in a few words."""

    def __init__(self, seen: Seen, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seen = seen
        self.setProperty("role", "small")
        self.setToolTip(self.tr("Images shown since this window was opened, neither blurred, grey, small nor hidden"))
        seen.changed.connect(self._write)
        self._write()

    def _write(self) -> None:
        number = QLocale().toString
        words = self.tr("Seen: {n}, {sensitive} sensitive")
        self.setText(words.format(n=number(self._seen.count), sensitive=number(self._seen.sensitive)))
