"""Where tiles lie, by arithmetic alone: the same cost for ten images and for ten million."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect

from pudm_gui.label.grid.ranges import RangeSet

GAP = 8
MARGIN = 12


@dataclass(frozen=True, slots=True)
class Geometry:
    """A grid of `count` square tiles with edges of about `tile` pixels in a column `width` pixels wide.

    Tiles grow a little to fill the row, so that no ragged strip stays at the right. All coordinates are logical
    pixels of the content: (0, 0) is its top left corner, whatever is scrolled.
    """

    count: int
    width: int
    tile: int

    @property
    def columns(self) -> int:
        return max(1, (self.width - 2 * MARGIN + GAP) // (self.tile + GAP))

    @property
    def edge(self) -> int:
        """Edge of a tile as drawn."""
        return max(16, (self.width - 2 * MARGIN + GAP) // self.columns - GAP)

    @property
    def pitch(self) -> int:
        return self.edge + GAP

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    @property
    def height(self) -> int:
        """Of the whole content."""
        return self.rows * self.pitch - GAP + 2 * MARGIN if self.count else 0

    def rect(self, index: int) -> QRect:
        """Where the tile at `index` lies."""
        row, column = divmod(index, self.columns)
        return QRect(MARGIN + column * self.pitch, MARGIN + row * self.pitch, self.edge, self.edge)

    def index_at(self, point: QPoint) -> int | None:
        """The tile at `point`; None in gaps, margins and after the last one."""
        row, y = divmod(point.y() - MARGIN, self.pitch)
        column, x = divmod(point.x() - MARGIN, self.pitch)
        index = row * self.columns + column
        inside = x < self.edge and y < self.edge and row >= 0 and 0 <= column < self.columns
        return index if inside and 0 <= index < self.count else None

    def span(self, top: int, bottom: int) -> tuple[int, int]:
        """First index and end of the tiles in rows that touch the strip top … bottom - 1."""
        first_row = max(0, (top - MARGIN + GAP) // self.pitch)
        last_row = (bottom - 1 - MARGIN) // self.pitch
        return (
            min(self.count, first_row * self.columns),
            max(0, min(self.count, (last_row + 1) * self.columns)),
        )

    def touched(self, band: QRect) -> RangeSet:
        """The tiles that a rubber band touches: one range a row."""
        if self.count == 0 or band.isEmpty():
            return RangeSet()
        first_column, last_column = self._lines(band.left(), band.right(), self.columns)
        first_row, last_row = self._lines(band.top(), band.bottom(), self.rows)
        if first_column > last_column or first_row > last_row:
            return RangeSet()
        begins = np.arange(first_row, last_row + 1, dtype=np.int64) * self.columns
        pairs = np.column_stack((begins + first_column, begins + last_column + 1))
        return RangeSet.from_pairs(pairs.clip(0, self.count))

    def _lines(self, low: int, high: int, limit: int) -> tuple[int, int]:
        # The first line whose far edge is not before `low`, and the last whose near edge is not after `high`.
        first = -(-(low - MARGIN - self.edge + 1) // self.pitch)
        last = (high - MARGIN) // self.pitch
        return max(0, first), min(limit - 1, last)

    def page_rows(self, viewport_height: int) -> int:
        """How many whole rows fit into a viewport of this height."""
        return max(1, viewport_height // self.pitch)
