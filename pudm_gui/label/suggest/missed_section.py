"""The part of the panel about kinds that may have been missed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.missed_kinds import MissedKinds
from pudm_gui.label.suggest.previews import Previews
from pudm_gui.label.suggest.section import Section, button
from pudm_gui.label.suggest.strip import Strip
from pudm_gui.project.model import Label, Listing
from pudm_gui.widgets.parts import note

if TYPE_CHECKING:
    from pudm_gui.suggest.model import Gap

FEW = 4
"""Kinds that are shown before the person asks for all."""


class MissedSection(Section):
    """A strip of pictures for each kind; a click lists its images in the grid."""

    def __init__(
        self, context: LabelContext, missed: MissedKinds, previews: Previews, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.heading.setText(self.tr("You may have missed this kind"))
        self._context, self._missed, self._previews = context, missed, previews
        self.strips: list[Strip] = []
        self._all = False
        self._holder: QWidget | None = None
        missed.changed.connect(self.refresh)
        context.session.labels_changed.connect(lambda _: self._refresh_labels())
        self.refresh()

    def refresh(self) -> None:
        """Other kinds were found."""
        for strip in self.strips:
            strip.forget()
        self.strips = []
        if self._holder is not None:
            self.body.removeWidget(self._holder)
            self._holder.hide()
            self._holder.deleteLater()
            self._holder = None
        gaps = self._missed.gaps
        self.say(self._words(gaps))
        if gaps:
            self._holder = self._make_strips(gaps)
            self.body.addWidget(self._holder)

    def show_kind(self, gap: Gap) -> None:
        """List the images of a kind in the grid."""
        title = self.tr("A kind you may have missed")
        key = f"kind-{int(gap.ids[0])}"
        self._context.show_listing(Listing(title, gap.ids, source="suggestion", expected=Label.UNLABELED, key=key))

    def _words(self, gaps: list[Gap] | None) -> str:
        if gaps is None and self._missed.failed:
            return self.failure()
        if gaps is None:
            return self.tr("Looking for kinds without a label…")
        if gaps:
            return self.tr(
                "They look like the sensitive images, but none of their kind has a label. What stays unlabeled, the "
                "model goes on making."
            )
        if not self._context.model.counts.sensitive:
            return self.tr("Mark a few sensitive images first, with S.")
        return self.tr("Every kind that looks sensitive has a label.")

    def _make_strips(self, gaps: list[Gap]) -> QWidget:
        holder = QWidget()
        rows = Section.column(holder)
        shown = gaps if self._all else gaps[:FEW]
        for gap in shown:
            self._add_strip(rows, gap)
        if len(gaps) > len(shown):
            number = QLocale().toString(len(gaps) - len(shown))
            more = button(self.tr("{n} more kinds").format(n=number), role="link")
            more.clicked.connect(self._show_all)
            rows.addWidget(more)
        return holder

    def _add_strip(self, rows: QVBoxLayout, gap: Gap) -> None:
        count = QLocale().toString(gap.size)
        words = self.tr("1 image") if gap.size == 1 else self.tr("{n} images").format(n=count)
        strip = Strip(self._context.session.project, self._previews, suspected=True)
        strip.show_images(gap.ids, self.tr("{images} of one kind: show them").format(images=words))
        strip.clicked.connect(partial(self.show_kind, gap))
        rows.addWidget(strip)
        rows.addWidget(note(words))
        rows.addSpacing(theme.SPACE_XS)
        self.strips.append(strip)

    def _show_all(self) -> None:
        self._all = True
        self.refresh()

    def _refresh_labels(self) -> None:
        for strip in self.strips:
            strip.refresh_labels()
