"""The panel "Find more": what the program proposes, from what has been labeled so far."""

from __future__ import annotations

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from pudm_gui import theme
from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.duplicates import Duplicates
from pudm_gui.label.suggest.duplicates_section import DuplicatesSection
from pudm_gui.label.suggest.features_card import FeaturesCard
from pudm_gui.label.suggest.likely_section import LikelySection
from pudm_gui.label.suggest.missed_kinds import MissedKinds
from pudm_gui.label.suggest.missed_section import MissedSection
from pudm_gui.label.suggest.most_likely import MostLikely
from pudm_gui.label.suggest.nudity import NudityScores
from pudm_gui.label.suggest.nudity_section import NuditySection
from pudm_gui.label.suggest.previews import Previews
from pudm_gui.label.suggest.similar import SimilarTo
from pudm_gui.label.suggest.similar_section import SimilarSection
from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.widgets.parts import rule, scrolled_column


class FindPanel(QScrollArea):
    """The state of the features, and below it, once there are any, one section for each way to find more."""

    def __init__(
        self,
        context: LabelContext,
        source: FeatureSource,
        previews: Previews,
        most_likely: MostLikely,
        similar: SimilarTo,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._source, self._most_likely = source, most_likely
        self._duplicates = Duplicates(context.session.project, source, self)
        self._missed = MissedKinds(context.session, source, self)
        layout = scrolled_column(self, theme.SPACE_M)
        self.card = FeaturesCard(context, source)
        self.likely = LikelySection(context, most_likely)
        self.similar = SimilarSection(context, similar)
        self.missed = MissedSection(context, self._missed, previews)
        self.duplicates = DuplicatesSection(context, self._duplicates, previews)
        self._nudity = NudityScores(context, source, self)
        self.nudity = NuditySection(self._nudity, source, read_only=context.session.read_only)
        layout.addWidget(self.card)
        self._below: list[QWidget] = []
        for section in (self.likely, self.similar, self.missed, self.duplicates):
            self._below += [rule(), section]
        for widget in self._below:
            layout.addWidget(widget)
        layout.addWidget(self.nudity)
        self.nudity.setVisible(self._nudity.possible)
        layout.addStretch(1)
        most_likely.watched = self._missed.watched = self.isVisible
        source.changed.connect(self._refresh)
        self._refresh()

    @property
    def busy(self) -> bool:
        """Whether something is still being worked out."""
        if self._source.busy or self._most_likely.pending:
            return True
        pending = (
            self._missed.gaps is None and not self._missed.failed,
            self._duplicates.groups is None and not self._duplicates.failed,
        )
        return self._source.index is not None and any(pending)

    def shown(self) -> None:
        """The panel came to the front."""
        self._source.begin()
        self._most_likely.want()
        self._missed.want()
        self._duplicates.want()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._nudity.close()
        super().closeEvent(event)

    def _refresh(self) -> None:
        for widget in self._below:
            widget.setVisible(self._source.index is not None)
