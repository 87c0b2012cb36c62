"""The share of sensitive images before and after, with intervals, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from pudm_gui.theme import FONT_SMALL, SPACE_S, Theme, current_theme
from pudm_gui.verdict import per_thousand

ROW = 22
AXIS = 20
LEAST_SCALE = 0.01
"""The scale never ends below 10 in 1,000, so that a tiny share looks tiny."""


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One model. All shares in [0, 1]; without an interval only the share is drawn."""

    label: str
    share: float
    interval: tuple[float, float] | None
    strong: bool
    """The model that the verdict is about."""


def scale_end(largest: float) -> float:
    """The first of 1, 2, 5 × 10^k that leaves `largest` a little room."""
    wanted = min(max(1.05 * largest, LEAST_SCALE), 1.0)
    unit = 10.0 ** floor(log10(wanted) + 1e-9)
    step = next(factor for factor in (1, 2, 5, 10) if ceil(wanted / unit - 1e-9) <= factor)
    return min(step * unit, 1.0)


class ShareBar(QWidget):
    """Horizontal bars with whiskers, and numbers in a thousand beside them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ShareRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_rows(self, rows: Sequence[ShareRow]) -> None:
        self._rows = tuple(rows)
        self.setAccessibleName(self.tr("Sensitive images in 1,000"))
        self.setAccessibleDescription("; ".join(f"{row.label} {self._numbers(row)}" for row in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(340, ROW * max(len(self._rows), 1) + AXIS)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    def _numbers(self, row: ShareRow) -> str:
        text = f"{per_thousand(row.share):,}"
        if row.interval is None:
            return text
        low, high = (per_thousand(share) for share in row.interval)
        return f"{text} [{low:,}, {high:,}]"

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = current_theme()
        metrics = QFontMetricsF(self.font())
        left = max(metrics.horizontalAdvance(row.label) for row in self._rows) + SPACE_S + 4
        right = max(metrics.horizontalAdvance(self._numbers(row)) for row in self._rows) + SPACE_S + 4
        track = QRectF(left, 0, max(40.0, self.width() - left - right), ROW)
        end = scale_end(max(max(row.share, *(row.interval or (0,))) for row in self._rows))
        for position, row in enumerate(self._rows):
            track.moveTop(position * ROW)
            self._paint_row(painter, theme, track, row, end)
        self._paint_axis(painter, theme, track, end)
        painter.end()

    def _paint_row(self, painter: QPainter, theme: Theme, track: QRectF, row: ShareRow, end: float) -> None:
        middle = track.center().y()
        painter.setPen(theme.text if row.strong else theme.text_muted)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if row.strong else QFont.Weight.Normal)
        painter.setFont(font)
        line = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, track.top(), track.left(), ROW), line | Qt.AlignmentFlag.AlignLeft, row.label)
        numbers = QRectF(track.right() + SPACE_S, track.top(), self.width() - track.right() - SPACE_S, ROW)
        painter.drawText(numbers, line | Qt.AlignmentFlag.AlignLeft, self._numbers(row))

        def at(share: float) -> float:
            return track.left() + track.width() * min(share / end, 1.0)

        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.surface2)
        painter.drawRoundedRect(QRectF(track.left(), middle - 4, track.width(), 8), 2, 2)
        painter.setBrush(theme.accent if row.strong else theme.text_muted)
        painter.drawRoundedRect(QRectF(track.left(), middle - 4, max(2.0, at(row.share) - track.left()), 8), 2, 2)
        if row.interval is None:
            return
        low, high = (at(share) for share in row.interval)
        painter.setPen(QPen(theme.text, 1.5))
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for x in (low, high):
            painter.drawLine(QPointF(x, middle - 5), QPointF(x, middle + 5))

    def _paint_axis(self, painter: QPainter, theme: Theme, track: QRectF, end: float) -> None:
        font = QFont(self.font())
        font.setPixelSize(FONT_SMALL)
        painter.setFont(font)
        painter.setPen(theme.text_muted)
        box = QRectF(track.left(), track.bottom() + 2, track.width(), AXIS - 2)
        top = Qt.AlignmentFlag.AlignTop
        painter.drawText(box, top | Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(box, top | Qt.AlignmentFlag.AlignHCenter, self.tr("sensitive in 1,000"))
        painter.drawText(box, top | Qt.AlignmentFlag.AlignRight, f"{per_thousand(end):,}")
