"""What of the grid is in sight, and how it stays there while everything around it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QAbstractScrollArea

from pudm_gui.label.grid.geometry import MARGIN, Geometry
from pudm_gui.label.grid.model import GridModel
from pudm_gui.label.grid.ranges import RangeSet


@dataclass(frozen=True, slots=True)
class Landmark:
    """An image that was at the top of the viewport: its id, and how far below the edge it began."""

    image_id: int
    height: int


class Sight:
    """The scroll bar and the geometry of one grid."""

    def __init__(self, area: QAbstractScrollArea, model: GridModel, tile: int) -> None:
        self._area, self._model = area, model
        self.tile = tile
        """Edge of the tiles that the person wants."""

    @property
    def geometry(self) -> Geometry:
        return Geometry(len(self._model), self._area.viewport().width(), self.tile)

    @property
    def offset(self) -> int:
        """How far the content is scrolled, in pixels."""
        return self._area.verticalScrollBar().value()

    def span(self, pages: int = 1) -> tuple[int, int]:
        """First index and end of the tiles in sight, or in the next `pages` viewports."""
        return self.geometry.span(self.offset, self.offset + pages * self._area.viewport().height())

    def range(self) -> RangeSet:
        return RangeSet([self.span()])

    def rect(self, index: int) -> QRect:
        """Where a tile is in the viewport now."""
        return self.geometry.rect(index).translated(0, -self.offset)

    def scroll_to(self, offset: int) -> None:
        self._area.verticalScrollBar().setValue(offset)

    def show(self, index: int) -> None:
        """Scroll as little as needed to have the tile in sight."""
        rect = self.geometry.rect(index).adjusted(0, -MARGIN, 0, MARGIN)
        height = self._area.viewport().height()
        if rect.top() < self.offset:
            self.scroll_to(rect.top())
        elif rect.bottom() > self.offset + height:
            self.scroll_to(rect.bottom() - height)

    def update_bar(self) -> None:
        """After the geometry has changed."""
        geometry, height = self.geometry, self._area.viewport().height()
        bar = self._area.verticalScrollBar()
        bar.setRange(0, max(0, geometry.height - height))
        bar.setEnabled(bar.maximum() > 0)
        bar.setPageStep(max(1, height - geometry.pitch // 2))
        bar.setSingleStep(max(1, geometry.pitch // 3))

    def keep(self, current: int | None, before: Geometry, change: Callable[[], None]) -> None:
        """Do `change` to the geometry, and scroll so that the current or the first tile stays at its height."""
        first, stop = before.span(self.offset, self.offset + self._area.viewport().height())
        kept = current if current is not None and first <= current < stop else first
        height = before.rect(kept).top() - self.offset
        change()
        self.update_bar()
        if len(self._model):
            self.scroll_to(self.geometry.rect(kept).top() - height)

    def landmark(self) -> Landmark | None:
        """Note where things are before positions change their meaning."""
        first, stop = self.span()
        if first >= stop:
            return None
        return Landmark(int(self._model.ids[first]), self.rect(first).top())

    def find(self, landmark: Landmark | None) -> None:
        """Scroll to where the landmark is now, or to the top."""
        self.update_bar()
        place = None if landmark is None else self._model.place(landmark.image_id)
        self.scroll_to(0 if place is None or landmark is None else self.geometry.rect(place).top() - landmark.height)
