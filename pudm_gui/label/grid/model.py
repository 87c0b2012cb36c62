"""What the grid shows: ids and labels as two arrays, rows only for what is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from pudm_gui.label.grid.counting import Counting
from pudm_gui.label.grid.places import Places
from pudm_gui.label.grid.ranges import RangeSet
from pudm_gui.label.grid.rows import Rows
from pudm_gui.memory import give_back
from pudm_gui.project.images import counts, image_ids, labels_for
from pudm_gui.project.model import Change, Counts, Ids, ImageFilter, ImageRow, Label
from pudm_gui.project.project import Project
from pudm_gui.widgets.off_thread import OffThread

Answer = TypeVar("Answer")

RELOAD_MS = 1000
"""Pause between two reloads while a scan keeps finding images."""
FEW = 1000
"""So many labels are read at once; for more, a thread reads them."""
MANY = 100_000
"""Looking through so many images takes memory that is worth giving back."""
LOOKED_AT = 200
"""So many unlabeled images in a row are looked at for one that can be read."""
EXPECTED = {"unlabeled": Label.UNLABELED, "sensitive": Label.SENSITIVE, "normal": Label.NORMAL}


@dataclass(frozen=True, slots=True)
class _Answer:
    filter: ImageFilter
    ids: Ids
    labels: NDArray[np.uint8]
    places: Places
    same: bool
    """Whether the list is the one that was shown when the question was put."""
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
        self._places = Places(self.ids)
        self._rows = Rows(project)
        self._query = 0
        self._changes: list[Change] = []
        self._asking = False
        self._again = False
        self._closed = False
        self._thread = OffThread(self, threads=1)
        self._counting = Counting(project, self)
        self._counting.changed.connect(self.counts_changed)
        self._later = QTimer(self, singleShot=True, interval=RELOAD_MS)
        self._later.timeout.connect(self._pause_over)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def counts(self) -> Counts:
        """The counts over all images."""
        return self._counting.counts

    @property
    def busy(self) -> bool:
        """Whether an answer of the store is still to come."""
        return self._asking

    # --- asking the store

    def set_filter(self, filter_: ImageFilter) -> None:
        """Show another choice of images, as soon as the store has answered."""
        self.filter = filter_
        project, shown = self.project, self.ids

        def answer() -> _Answer:
            ids = image_ids(project, filter_)
            labels, same = labels_for(project, ids), np.array_equal(ids, shown)
            found = _Answer(filter_, ids, labels, Places(ids), same, counts(project))
            if len(ids) > MANY or len(shown) > MANY:
                give_back()
            return found

        self._ask(answer, self._answered)

    def reload(self) -> None:
        """Ask again, such as after images were found, or to put away images that no longer pass the filter."""
        self.set_filter(self.filter)

    def reload_soon(self) -> None:
        """Reload now, or in a moment where that was done just now."""
        if self._later.isActive() or self._asking:
            self._again = True
        else:
            self.reload()
        if not self._later.isActive():
            self._later.start()

    def close(self) -> None:
        """Wait for the threads, and ask no more: the project is about to be closed."""
        self._closed = True
        self._query += 1
        self._later.stop()
        self._counting.close()
        self._thread.cancel_waiting()
        self._thread.wait()

    def _pause_over(self) -> None:
        if self._again:
            self._again = False
            self.reload_soon()

    def _ask(self, question: Callable[[], Answer], then: Callable[[Answer], object]) -> None:
        """Put a question on the thread. A later one makes the answer to this one void."""
        if self._closed:
            return
        self._query += 1
        self._asking = True
        self._changes.clear()
        self._thread.cancel_waiting()
        number = self._query

        def answered(answer: Answer) -> None:
            if number != self._query:  # the person went on typing meanwhile
                return
            self._asking = False
            then(answer)

        def failed() -> None:
            if number == self._query:
                self._asking = False

        self._thread.submit(question, answered, failed=failed)

    def _answered(self, answer: _Answer) -> None:
        other = not self.loaded or not _go_on(self.shown, answer.filter)
        self.shown = answer.filter
        same = not other and answer.same
        if not same:
            self.about_to_reset.emit()
        self.loaded = True
        self.ids, self.labels, self._places = answer.ids, answer.labels, answer.places
        self._rows.clear()
        self._catch_up()
        if same:
            self.changed.emit()
        else:
            self.reset.emit(other)
        self._counting.take_over(answer.counts)

    def _catch_up(self) -> None:
        """Take over the changes that were made after the question was put: perhaps they are not part of the answer."""
        changes, self._changes = self._changes, []
        for change in changes:
            self._take_over(change)

    # --- what is shown

    def row(self, index: int) -> ImageRow:
        """All that is known of the image at `index`; its label is `label(index)`, which is newer."""
        return self.rows(index, index + 1)[0]

    def rows(self, start: int, stop: int) -> list[ImageRow]:
        """Rows of a few neighbours, asked from the store where they are not at hand."""
        return self._rows.of(self.ids[start:stop])

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

    def next_unlabeled(self, index: int | None, *, backwards: bool = False) -> int | None:
        """The nearest unlabeled image after `index` that can be looked at, or before it; None for the end of the list
        where it begins."""
        if backwards:
            found = np.flatnonzero(self.labels[: len(self) if index is None else index] == Label.UNLABELED)[::-1]
        else:
            start = 0 if index is None else index + 1
            found = np.flatnonzero(self.labels[start:] == Label.UNLABELED) + start
        if not len(found):
            return None
        rows = self._rows.of(self.ids[found[:LOOKED_AT]])
        return int(next((place for place, row in zip(found, rows, strict=False) if row.problem is None), found[0]))

    def place(self, image_id: int) -> int | None:
        """Where an image is in the list."""
        found = self.places(np.array([image_id], dtype=np.int64))
        return int(found[0]) if len(found) else None

    def places(self, ids: Ids) -> NDArray[np.int32]:
        """Where those of `ids` that are in the list are, in the order of `ids`."""
        return self._places.of(ids)

    def ranges_of(self, ids: Ids) -> RangeSet:
        """The same as ranges."""
        mask = np.zeros(len(self), dtype=bool)
        mask[self.places(ids)] = True
        return RangeSet.from_mask(mask)

    # --- what has changed

    def take_over(self, change: Change) -> None:
        """Bring labels and counts up to date after the store has changed them."""
        if self._asking:
            self._changes.append(change)
        self._take_over(change)
        self._counting.follow()
        self.changed.emit()

    def _take_over(self, change: Change) -> None:
        self._rows.forget(change.ids)  # who labeled it, its tags, whether the label is of an older content
        if change.kind == "tag":
            return
        places = self.places(change.ids)
        if change.label is not None:
            self.labels[places] = change.label
        elif len(places) <= FEW:
            self.labels[places] = labels_for(self.project, self.ids[places])
        elif not self._asking:
            self._read_labels()

    def _read_labels(self) -> None:
        project, ids = self.project, self.ids
        self._ask(lambda: labels_for(project, ids), self._labels_read)

    def _labels_read(self, labels: NDArray[np.uint8]) -> None:
        self.labels = labels
        self._catch_up()
        self.changed.emit()


def _go_on(shown: ImageFilter, wanted: ImageFilter) -> bool:
    """Whether `wanted` is the same choice of images, or the same listing brought up to date."""
    if wanted.within is None or not wanted.within.continues(shown.within):
        return wanted == shown
    return replace(wanted, within=None) == replace(shown, within=None)
