"""Images that look like the chosen ones, as a list in the grid."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLocale, QObject, Signal

from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.project.model import Ids, Listing

if TYPE_CHECKING:
    from pudm_gui.suggest.index import FeatureIndex
    from pudm_gui.suggest.model import Ranking

LISTED = 1000


class SimilarTo(QObject):
    """Finds them off the GUI thread. The chosen images come first, so that it stays in sight what the rest is like.

    Signals
    -------
    features_wanted
        There are no features yet.
    """

    features_wanted = Signal()

    def __init__(self, context: LabelContext, source: FeatureSource, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._source = context, source
        source.changed.connect(self._features_changed)
        self._waiting: Ids | None = None

    def show_for_selection(self) -> None:
        """Images like the chosen ones, or like the one that the keyboard stands on."""
        view, model = self._context.view, self._context.model
        ids = view.chosen_ids()
        if not len(ids) and view.selection.current is not None:
            ids = model.ids[view.selection.current : view.selection.current + 1]
        if not len(ids):
            self._tell(self.tr("Choose an image first, with a click or the arrow keys"))
            return
        self.show_for(ids)

    def show_for(self, ids: Ids) -> None:
        """Images like `ids`."""
        self._source.begin()
        if self._source.busy:
            self._waiting = ids
            return
        if not self._source.ask(partial(most_similar, ids), partial(self._found, ids)):
            self.features_wanted.emit()

    def _features_changed(self) -> None:
        if self._waiting is not None and not self._source.busy:
            ids, self._waiting = self._waiting, None
            self.show_for(ids)

    def _found(self, ids: Ids, ranking: Ranking) -> None:
        if not len(ranking):
            words = self.tr("Nothing has been looked at that is like this; the panel “Find more” brings it up to date")
            self._tell(words)
            return
        self._context.show_listing(Listing(self._title(ids), np.concatenate([ids, ranking.ids])))

    def _title(self, ids: Ids) -> str:
        if len(ids) > 1:
            return self.tr("Similar to {n} images").format(n=QLocale().toString(len(ids)))
        model = self._context.model
        place = model.place(int(ids[0]))
        name = "" if place is None else model.row(place).path.rpartition("/")[2]
        return self.tr("Similar to {name}").format(name=name) if name else self.tr("Similar to one image")

    def _tell(self, sentence: str) -> None:
        self._context.actions.done.emit(sentence)


def most_similar(ids: Ids, index: FeatureIndex) -> Ranking:
    """For threads."""
    from pudm_gui.suggest.similar import similar

    return similar(index, ids, LISTED)
