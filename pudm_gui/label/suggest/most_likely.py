"""The images that are most likely sensitive and still unlabeled, as a list in the grid that follows the labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Change, Ids, Label, Listing
from pudm_gui.project.project import Project

if TYPE_CHECKING:
    from pudm_gui.suggest.index import FeatureIndex
    from pudm_gui.suggest.model import Level, Suggestions

KEY = "suggestions"
LISTED = 2000
"""Suggestions in the list beyond those that have been looked at. More can be had by judging these."""
PAUSE_MS = 350
"""A new order is worked out when no label was given for so long."""


class MostLikely(QObject):
    """Ranks the unlabeled images off the GUI thread, and anew when labels have changed.

    What is in sight, or above it, keeps its place: a new order is that of the images further down. Judged images stay
    until they are put away.

    Signals
    -------
    changed
        There is another ranking, or other labels in the list.
    """

    changed = Signal()

    def __init__(self, context: LabelContext, source: FeatureSource, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._source = context, source
        self.found: Suggestions | None = None
        self.busy = False
        self.failed = False
        """Whether the last order could not be worked out."""
        self.watched: Callable[[], bool] = lambda: False
        """Whether somebody sees how the ranking stands, apart from the list in the grid."""
        self._wanted = False
        self._stale = False
        self._show_next = False
        self._question = 0
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.rank)
        source.loaded.connect(self._start_anew)
        context.session.labels_changed.connect(self._labels_changed)
        context.model.reset.connect(lambda _: self.changed.emit())

    @property
    def listed(self) -> bool:
        """Whether the grid shows the suggestions."""
        listing = self._context.model.shown.within
        return listing is not None and listing.key == KEY

    @property
    def judged(self) -> tuple[int, int]:
        """How many images in the list were said to be sensitive, and how many normal."""
        if not self.listed:
            return 0, 0
        labels = self._context.model.labels
        return int(np.count_nonzero(labels == Label.SENSITIVE)), int(np.count_nonzero(labels == Label.NORMAL))

    @property
    def pending(self) -> bool:
        """Whether a new order is still to come."""
        return self.busy or self._pause.isActive()

    def want(self) -> None:
        """Somebody looks at the ranking: keep it up to date as long as it is in sight."""
        if not self._wanted or self._stale:
            self._wanted = True
            self.rank()

    def rank(self) -> None:
        """Work out the order, unless nobody has asked for it yet."""
        self._pause.stop()
        if not self._wanted or self._source.index is None:
            return
        self.busy, self.failed, self._stale = True, False, False
        self._question += 1
        number, project = self._question, self._context.session.project

        def work(index: FeatureIndex) -> Suggestions | None:
            return ranked(project, index) if number == self._question else None  # one that came later will do

        self._source.ask(work, self._ranked, failed=lambda: self._give_up(number))
        self.changed.emit()

    def show(self) -> None:
        """List the suggestions in the grid, the likeliest first, without images that have been judged."""
        self.want()
        if self.found is None or self.busy:
            self._show_next = True  # as soon as they are there
        else:
            self._list(self.found.ranking.ids[:LISTED])

    def level(self, image_id: int) -> Level | None:
        """How sure the suggestion of an image is; None where it is none."""
        if self.found is None:
            return None
        places = np.flatnonzero(self.found.ranking.ids[: 4 * LISTED] == image_id)
        return self.found.level(int(places[0])) if len(places) else None

    def _start_anew(self) -> None:
        self.found, self.busy = None, False
        self.rank()

    def _labels_changed(self, change: Change) -> None:
        if self._wanted and change.kind != "tag":
            self._stale = True
            if self.listed or self.watched():
                self._pause.start()
        self.changed.emit()

    def _ranked(self, found: Suggestions | None) -> None:
        if found is None:
            return
        self.found, self.busy = found, False
        if self._show_next:
            self._show_next = False
            self._list(found.ranking.ids[:LISTED])
        elif self.listed and not self._pause.isActive():
            self._refresh(found.ranking.ids)
        self.changed.emit()

    def _give_up(self, question: int) -> None:
        if question == self._question:
            self.busy, self.failed, self._stale, self._show_next = False, True, True, False
            self.changed.emit()

    def _refresh(self, ranking: Ids) -> None:
        """Order anew what is below the sight."""
        listing = self._context.model.shown.within
        if listing is None:
            return
        kept = listing.ids[: self._held(listing.ids)]
        further = ranking[: LISTED + len(kept)]
        further = further[~np.isin(further, kept)][:LISTED]
        ids = np.concatenate([kept, further])
        if not np.array_equal(ids, listing.ids):
            self._list(ids)

    def _held(self, ids: Ids) -> int:
        """How many at the front of the list keep their place: all down to the last that is in sight or chosen."""
        view, shown = self._context.view, self._context.model.ids
        last = max(view.sight.span()[1], (view.selection.current or 0) + 1)
        if view.selection.chosen:
            last = max(last, view.selection.chosen.ranges[-1][1])
        last = min(last, len(shown))
        if last == 0:
            return 0
        places = np.flatnonzero(ids == shown[last - 1])  # the list may be filtered further
        return int(places[0]) + 1 if len(places) else len(ids)

    def _list(self, ids: Ids) -> None:
        title = self.tr("Most likely sensitive")
        self._context.show_listing(Listing(title, ids, source="suggestion", expected=Label.UNLABELED, key=KEY))


def ranked(project: Project, index: FeatureIndex) -> Suggestions:
    """The suggestions for the labels as of now. For threads."""
    from pudm_gui.suggest.classifier import rank

    return rank(index, labels_for(project, index.ids))
