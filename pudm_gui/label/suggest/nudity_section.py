"""The part of the panel about the scorer of nudity; only where that is installed."""

from __future__ import annotations

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from pudm_gui.label.suggest.nudity import NudityScores
from pudm_gui.label.suggest.section import Section, button
from pudm_gui.label.suggest.source import FeatureSource


class NuditySection(Section):
    """One button to let it look, one to list what it found."""

    def __init__(
        self, scores: NudityScores, source: FeatureSource, *, read_only: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._scores, self._source, self._read_only = scores, source, read_only
        self.heading.setText(self.tr("Nudity"))
        self.show_button = button(self.tr("Show by score"), self.tr("List unlabeled images, the highest score first"))
        self.show_button.clicked.connect(scores.show)
        self.look_button = button(self.tr("Let the scorer look"), self.tr("It looks at images that it has not seen"))
        self.look_button.clicked.connect(scores.look)
        self.body.addWidget(self.show_button)
        self.body.addWidget(self.look_button)
        scores.changed.connect(self.refresh)
        source.job.progressed.connect(lambda _: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Other scores, or another job."""
        scored = self._scores.scored
        missing = 0 if scored is None else scored.missing
        self.show_button.setVisible(scored is not None)
        self.look_button.setVisible((scored is None or missing > 0) and not self._read_only)
        self.look_button.setEnabled(not self._source.job.active)
        if missing:
            words = self.tr("{n} images have not been looked at by the scorer.")
            self.say(words.format(n=QLocale().toString(missing)))
        else:
            self.say(self.tr("A simple scorer for a first ranking. It errs, so judge what it lists yourself."))
