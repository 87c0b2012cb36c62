"""A small ring that fills up, for the rail and for lists."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from pudm_gui.theme import current_theme


def paint_ring(painter: QPainter, rect: QRectF, fraction: float, track: QColor, fill: QColor, width: float = 2) -> None:
    """Draw a ring inside `rect`, `fraction` in [0, 1] of it filled clockwise from the top."""
    inner = rect.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(track, width))
    painter.drawEllipse(inner)
    painter.setPen(QPen(fill, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawArc(inner, 90 * 16, -round(360 * 16 * min(max(fraction, 0.0), 1.0)))


class ProgressRing(QWidget):
    """Shows a fraction in [0, 1]; None shows an empty ring."""

    def __init__(self, parent: QWidget | None = None, *, size: int = 16) -> None:
        super().__init__(parent)
        self._fraction: float | None = None
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_fraction(self, fraction: float | None) -> None:
        self._fraction = fraction
        self.setAccessibleName("" if fraction is None else f"{fraction:.0%}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        paint_ring(painter, QRectF(self.rect()), self._fraction or 0.0, theme.surface3, theme.accent)
