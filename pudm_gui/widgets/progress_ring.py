"""A small ring that fills up, for the rail."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen


def paint_ring(painter: QPainter, rect: QRectF, fraction: float, track: QColor, fill: QColor, width: float = 2) -> None:
    """Draw a ring inside `rect`, `fraction` in [0, 1] of it filled clockwise from the top."""
    inner = rect.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(track, width))
    painter.drawEllipse(inner)
    painter.setPen(QPen(fill, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawArc(inner, 90 * 16, -round(360 * 16 * min(max(fraction, 0.0), 1.0)))
