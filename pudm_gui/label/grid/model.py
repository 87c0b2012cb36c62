"""What the grid shows: ids and labels as two arrays, rows only for what is looked at."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from pudm_gui.label.grid.ranges import RangeSet
from pudm_gui.project.images import counts, image_ids, image_rows, labels_for
from pudm_gui.project.model import Change, Counts, Ids, ImageFilter, ImageRow, Label
from pudm_gui.project.project import Project
from pudm_gui.widgets.off_thread import OffThread

ROWS_KEPT = 1200
RELOAD_MS = 1000
"""Pause between two reloads while a scan keeps finding images."""
EXPECTED = {"unlabeled": Label.UNLABELED, "sensitive": Label.SENSITIVE, "normal": Label.NORMAL}


@dataclass(frozen=True, slots=True)
class _Answer:
    filter: ImageFilter
    ids: Ids
    labels: NDArray[np.uint8]
    counts: Counts


class GridModel(QObject):
    """The images that pass the filter, in order, with their labels.

    A changed label never moves a tile: the list stays as it is until it is asked for again, and `moved` tells which
    images no longer pass. `filter` is what was asked for last, `shown` what the list answers.

    Signals
    -------
    about_to_reset, reset
        Around a replacement of the list. The argument of `reset` tells whether the filter is another one.
    changed
        Labels or rows changed in place.
    counts_changed
        The counts over all images, as a `Counts`.
    """

    about_to_reset = Signal()
    reset = Signal(bool)
    changed = Signal()
    counts_changed = Signal(object)

    def __init__(self, project: Project, parent: QObject) -> None:
        super().__init__(parent)
        self.project = project
        self.filter = ImageFilter()
        self.shown = self.filter
        self.loaded = False
        self.ids: Ids = np.empty(0, dtype=np.int64)
        self.labels: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self.counts = Counts(0, 0, 0, 0, 0)
        self._places: NDArray[np.int64] | None = None
        self._rows: OrderedDict[int, ImageRow] = OrderedDict()
        self._query = 0
        self._changes: list[Change] = []
        self._asking = False
        self._again = False
        self._closed = False
        self._thread = OffThread(self, threads=1)
        self._later = QTimer(self, singleShot=True, interval=RELOAD_MS)
        self._later.timeout.connect(self._pause_over)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def busy(self) -> bool:
        """Whether an answer of the store is still to come."""
        return self._asking

    # --- asking the store

    def set_filter(self, filter_: ImageFilter) -> None:
        """Show another choice of images, as soon as the store has answered."""
        self._ask(filter_)

    def reload(self) -> None:
        """Ask again, such as after images were found, or to put away images that no longer pass the filter."""
        self._ask(self.filter)

    def reload_soon(self) -> None:
        """Reload now, or in a moment where that was done just now."""
        if self._later.isActive() or self._asking:
            self._again = True
        else:
            self.reload()
        if not self._later.isActive():
            self._later.start()

    def close(self) -> None:
        """Wait for the thread, and ask no more: the project is about to be closed."""
        self._closed = True
        self._query += 1
        self._later.stop()
        self._thread.cancel_waiting()
        self._thread.wait()

    def _pause_over(self) -> None:
        if self._again:
            self._again = False
            self.reload_soon()

    def _ask(self, filter_: ImageFilter) -> None:
        if self._closed:
            return
        self.filter = filter_
        self._query += 1
        self._asking = True
        self._changes.clear()
        self._thread.cancel_waiting()
        project, number = self.project, self._query

        def answer() -> _Answer:
            ids = image_ids(project, filter_)
            return _Answer(filter_, ids, labels_for(project, ids), counts(project))

        self._thread.submit(answer, lambda found: self._answered(number, found))

    def _answered(self, number: int, answer: _Answer) -> None:
        if number != self._query:  # the person went on typing meanwhile
            return
        self._asking = False
        other = not self.loaded or not _go_on(self.shown, answer.filter)
        self.shown = answer.filter
        same = not other and np.array_equal(answer.ids, self.ids)
        if not same:
            self.about_to_reset.emit()
        self.loaded = True
        self.ids, self.labels = answer.ids, answer.labels
        self._places = None if not same else self._places
        self._rows.clear()
        for change in self._changes:  # made after the question was put, so perhaps not part of the answer
            self._take_over(change)
        self._changes.clear()
        if same:
            self.changed.emit()
        else:
            self.reset.emit(other)
        self._set_counts(answer.counts)

    # --- what is shown

    def row(self, index: int) -> ImageRow:
        """All that is known of the image at `index`; its label is `label(index)`, which is newer."""
        return self.rows(index, index + 1)[0]

    def rows(self, start: int, stop: int) -> list[ImageRow]:
        """Rows of a few neighbours, asked from the store where they are not at hand."""
        wanted = self.ids[start:stop].tolist()
        missing = [id_ for id_ in wanted if id_ not in self._rows]
        if missing:
            self._rows.update((row.id, row) for row in image_rows(self.project, missing))
        found = []
        for id_ in wanted:
            self._rows.move_to_end(id_)
            found.append(self._rows[id_])
        while len(self._rows) > max(ROWS_KEPT, len(wanted)):
            self._rows.popitem(last=False)
        return found

    def label(self, index: int) -> Label:
        return Label(int(self.labels[index]))

    def moved(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Which of these no longer pass the filter, by their label."""
        listing = self.shown.within
        expected = EXPECTED.get(self.shown.show, None if listing is None else listing.expected)
        if expected is None:
            return np.zeros(stop - start, dtype=bool)
        return self.labels[start:stop] != expected

    def suspected(self, index: int) -> bool:
        """Whether the image is an unlabeled one among suggestions."""
        listing = self.shown.within
        return listing is not None and listing.source == "suggestion" and self.label(index) == Label.UNLABELED

    def moved_count(self) -> int:
        return int(np.count_nonzero(self.moved(0, len(self))))

    def place(self, image_id: int) -> int | None:
        """Where an image is in the list."""
        found = self.places(np.array([image_id], dtype=np.int64))
        return int(found[0]) if len(found) else None

    def places(self, ids: Ids) -> NDArray[np.int64]:
        """Where those of `ids` that are in the list are, sorted."""
        if self._places is None:
            self._places = np.full(int(self.ids.max(initial=0)) + 1, -1, dtype=np.int64)
            self._places[self.ids] = np.arange(len(self.ids))
        ids = ids[ids < len(self._places)]
        places = self._places[ids]
        return np.sort(places[places >= 0])

    def ranges_of(self, ids: Ids) -> RangeSet:
        """The same as ranges."""
        mask = np.zeros(len(self), dtype=bool)
        mask[self.places(ids)] = True
        return RangeSet.from_mask(mask)

    # --- what has changed

    def take_over(self, change: Change) -> None:
        """Bring the labels up to date after the store has changed them."""
        if self._asking:
            self._changes.append(change)
        self._take_over(change)
        self._set_counts(counts(self.project))
        self.changed.emit()

    def forget_row(self, image_id: int) -> None:
        """Something about an image was changed, such as its tags."""
        self._rows.pop(image_id, None)
        self.changed.emit()

    def _take_over(self, change: Change) -> None:
        places = self.places(change.ids)
        if change.label is not None:
            self.labels[places] = change.label
        else:
            self.labels[places] = labels_for(self.project, self.ids[places])

    def _set_counts(self, found: Counts) -> None:
        if found != self.counts:
            self.counts = found
            self.counts_changed.emit(found)


def _go_on(shown: ImageFilter, wanted: ImageFilter) -> bool:
    """Whether `wanted` is the same choice of images, or the same listing brought up to date."""
    if wanted.within is None or not wanted.within.continues(shown.within):
        return wanted == shown
    return replace(wanted, within=None) == replace(shown, within=None)
