"""All that helps to find more on the Label page, put together: features, suggestions, and the two panels."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from pudm_gui.label.grid.thumbnail import Store
from pudm_gui.label.hint_line import HintLine
from pudm_gui.label.side import LabelContext, SidePanels
from pudm_gui.label.suggest.judging import Judging
from pudm_gui.label.suggest.most_likely import MostLikely
from pudm_gui.label.suggest.panel import FindPanel
from pudm_gui.label.suggest.previews import Previews
from pudm_gui.label.suggest.similar import SimilarTo
from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.project.images import labels_for

FIND, MAP = "find", "map"


class Finding(QObject):
    """Owns what the panels share. Nothing is loaded before one of them is shown.

    Signals
    -------
    panel_wanted
        Name of a panel that has something to say.
    wide_wanted
        Whether the side is to be wide, for the map.
    """

    panel_wanted = Signal(str)
    wide_wanted = Signal(bool)

    def __init__(self, context: LabelContext, hints: HintLine, store: Store | None, parent: QObject) -> None:
        """`store`: where thumbnails are kept."""
        super().__init__(parent)
        self._context = context
        self.source = FeatureSource(context.session, context.jobs, context.settings.encoder, self)
        self.previews = Previews(context.session, context.settings, store, self)
        self.most_likely = MostLikely(context, self.source, self)
        self.similar = SimilarTo(context, self.source, self)
        self.judging = Judging(context, hints, self)
        self.similar.features_wanted.connect(lambda: self.panel_wanted.emit(FIND))
        self.source.changed.connect(self._remember)

    @property
    def judges(self) -> bool:
        """Whether the grid lists suggestions, which A and X judge."""
        listing = self._context.model.shown.within
        return listing is not None and listing.source == "suggestion"

    def add_panels(self, side: SidePanels) -> None:
        """Offer both panels."""
        side.add(FIND, self.tr("Find more"), "find-more", self._make_find)
        side.add(MAP, self.tr("Map of all images"), "map", self._make_map)

    def suggest(self) -> None:
        """List the images that are most likely sensitive; where that is not yet possible, the panel says why."""
        self.panel_wanted.emit(FIND)
        self.most_likely.show()

    def put_away(self) -> None:
        """Take what no longer belongs in the list out of it."""
        model = self._context.model
        listing = model.shown.within
        if listing is None or listing.expected is None:
            model.reload()
            return
        labels = labels_for(self._context.session.project, listing.ids)
        self._context.show_listing(replace(listing, ids=listing.ids[labels == listing.expected]))

    def close(self) -> None:
        """Wait for the threads."""
        self.source.close()
        self.previews.close()

    def _make_find(self) -> QWidget:
        return FindPanel(self._context, self.source, self.previews, self.most_likely, self.similar)

    def _make_map(self) -> QWidget:
        from pudm_gui.label.map.panel import MapPanel

        panel = MapPanel(self._context, self.source, self.previews)
        panel.wide_wanted.connect(self.wide_wanted)
        return panel

    def _remember(self) -> None:
        self._context.settings.encoder = self.source.encoder
