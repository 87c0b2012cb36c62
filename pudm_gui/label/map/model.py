"""What the map shows: the points, their labels, and which are chosen. All that takes a moment is done on a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from pudm_gui.label.map.points import MapPoints, Mask
from pudm_gui.label.map.raster import Drawn, Palette, Window, draw
from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Change, Ids
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread

PAUSE_MS = 120
"""Changes of labels and of the selection within this time are taken over at once."""


class MapModel(QObject):
    """Points of all images that have been looked at.

    Signals
    -------
    reset
        Other points, or none.
    changed
        Labels, or which points are chosen.
    picked
        Ids of the images that were chosen on the map.
    """

    reset = Signal()
    changed = Signal()
    picked = Signal(object)

    def __init__(self, session: Session, source: FeatureSource, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._source = session, source
        self.points: MapPoints | None = None
        self.chosen: Mask = np.zeros(0, bool)
        self._wanted = False
        self._drawing = 0
        self._selected: Ids = np.empty(0, np.int64)
        self._work = OffThread(self, threads=1)
        self._drawer = OffThread(self, threads=1)
        self._relabel = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._relabel.timeout.connect(self._read_labels)
        self._follow = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._follow.timeout.connect(self._follow_selection)
        source.loaded.connect(self._start_anew)
        session.labels_changed.connect(self._labels_changed)

    @property
    def busy(self) -> bool:
        """Whether changes are still to be taken over."""
        return self._relabel.isActive() or self._follow.isActive()

    @property
    def chosen_ids(self) -> Ids:
        return np.empty(0, np.int64) if self.points is None else self.points.ids[self.chosen]

    def begin(self) -> None:
        """Somebody looks at the map."""
        self._source.begin()
        if not self._wanted:
            self._wanted = True
            self._load()

    def show_points(self, points: MapPoints) -> None:
        """Show these in place of all before."""
        self.points, self.chosen = points, np.zeros(len(points), bool)
        self.reset.emit()
        if len(self._selected):
            self._follow.start()

    def close(self) -> None:
        """Wait for the threads; what they bring is no longer used."""
        self._drawing += 1
        self._relabel.stop()
        self._follow.stop()
        self.points = None
        for thread in (self._work, self._drawer):
            thread.cancel_waiting()
            thread.wait()

    # --- choosing

    def choose_inside(self, line: NDArray[np.float32], *, add: bool) -> None:
        """The points inside a closed line of ``(V, 2)`` corners."""
        if (points := self.points) is not None:
            self._ask(lambda: points.inside(line), partial(self._pick, add=add))

    def choose_cluster(self, cluster: int, *, add: bool = False) -> None:
        """All points of a group."""
        if (points := self.points) is not None:
            self._ask(lambda: points.in_cluster(cluster), partial(self._pick, add=add))

    def choose_at(self, at: tuple[float, float], reach: tuple[float, float], *, add: bool) -> None:
        """The group of the nearest point; none where there is no point within `reach`."""
        points = self.points
        place = None if points is None else points.nearest(at, reach)
        if points is not None and place is not None:
            self.choose_cluster(int(points.clusters[place]), add=add)
        elif not add:
            self._pick(np.zeros(len(self.chosen), bool), add=False)

    def follow(self, ids: Ids) -> None:
        """The selection in the grid is another one."""
        self._selected = ids
        self._follow.start()

    # --- drawing

    def draw(self, window: Window, palette: Palette, then: Callable[[Drawn], object]) -> None:
        """Draw what is in `window`; an earlier drawing that has not arrived is dropped."""
        points, chosen = self.points, self.chosen
        self._drawing += 1
        if points is None:
            return
        number = self._drawing
        self._drawer.cancel_waiting()
        self._drawer.submit(
            lambda: draw(points, chosen, window, palette),
            lambda drawn: then(drawn) if number == self._drawing else None,
        )

    # --- following

    def _start_anew(self) -> None:
        self.points, self.chosen = None, np.zeros(0, bool)
        self.reset.emit()
        self._load()

    def _load(self) -> None:
        if self._wanted:
            work = partial(MapPoints.load, self._session.project)
            self._source.ask(work, self.show_points, failed=self._give_up)

    def _give_up(self) -> None:
        self._wanted = False  # whoever comes back to the map tries again

    def _labels_changed(self, change: Change) -> None:
        if change.kind != "tag":
            self._relabel.start()

    def _read_labels(self) -> None:
        if (points := self.points) is not None:
            project = self._session.project

            def relabeled() -> MapPoints:
                return points.with_labels(labels_for(project, points.ids))

            self._work.submit(relabeled, self._labels_read)

    def _labels_read(self, points: MapPoints) -> None:
        if self.points is not None and self.points.ids is points.ids:  # the same points, perhaps relabeled meanwhile
            self.points = points
            self.changed.emit()

    def _follow_selection(self) -> None:
        if (points := self.points) is not None:
            ids = self._selected
            self._ask(lambda: points.mask(ids), self._set_chosen)

    def _pick(self, mask: Mask, *, add: bool) -> None:
        self._follow.stop()
        self._set_chosen(self.chosen | mask if add else mask)
        self.picked.emit(self.chosen_ids)

    def _set_chosen(self, mask: Mask) -> None:
        if not np.array_equal(mask, self.chosen):
            self.chosen = mask
            self.changed.emit()

    def _ask(self, work: Callable[[], NDArray], then: Callable[[NDArray], object]) -> None:
        """An answer about points that have been replaced meanwhile is dropped."""
        count = len(self.chosen)
        self._work.submit(work, lambda found: then(found) if len(found) == len(self.chosen) == count else None)
