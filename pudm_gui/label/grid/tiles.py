"""Painting one tile."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap

from pudm_gui import theme
from pudm_gui.project.model import Label
from pudm_gui.widgets.icons import icon_pixmap

PADDING = 5
"""Between the edge of a tile and its picture."""
CONTROL = 26
"""Edge of the round buttons that appear under the pointer."""
SMALL = 0.4
"""Edge of a picture that is painted small, as a part of the usual one."""
BADGE = 22
"""Edge of the marks that stay."""


@dataclass(slots=True)
class Look:
    """How a tile stands."""

    picture: QPixmap | None = None
    veiled: bool = False
    small: bool = False
    hidden: bool = False
    problem: str | None = None
    label: Label = Label.UNLABELED
    chosen: bool = False
    current: bool = False
    hovered: bool = False
    moved: bool = False
    changed: bool = False
    """The file has changed since it was labeled."""
    editable: bool = True


def picture_edge(edge: int) -> int:
    """Longer edge of the picture in a tile of `edge` pixels."""
    return edge - 2 * PADDING


def control_rects(tile: QRect) -> dict[Label, QRect]:
    """Where the small buttons are that mark a tile with one click."""
    top = tile.bottom() - PADDING - CONTROL
    left = tile.left() + PADDING + 1
    return {
        Label.SENSITIVE: QRect(left, top, CONTROL, CONTROL),
        Label.NORMAL: QRect(left + CONTROL + 3, top, CONTROL, CONTROL),
    }


def eye_rect(tile: QRect) -> QRect:
    """Where to press to look under a veil."""
    return QRect(tile.right() - PADDING - CONTROL, tile.top() + PADDING + 1, CONTROL, CONTROL)


def changed_rect(tile: QRect) -> QRect:
    """Where the mark is of a file that has changed since it was labeled."""
    return QRect(tile.left() + PADDING + 2, tile.top() + PADDING + 2, BADGE, BADGE)


def paint_tile(painter: QPainter, tile: QRect, look: Look, colors: theme.Theme) -> None:
    """Paint a whole tile, background included."""
    ground = theme.mix(colors.accent, colors.surface1, 0.22) if look.chosen else colors.surface1
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(tile, theme.RADIUS, theme.RADIUS)
    painter.setOpacity(0.35 if look.moved else 1.0)
    if look.problem is not None:
        _paint_problem(painter, tile, look.problem, colors)
    elif look.hidden:
        _paint_icon(painter, tile, "eye-off", colors)
    elif look.picture is not None:
        _paint_picture(painter, tile, look.picture, look)
    painter.setOpacity(1.0)
    _paint_frame(painter, tile, look, colors)
    if look.hovered and look.editable:
        _paint_controls(painter, tile, look.label, colors)
    elif look.label != Label.UNLABELED:
        _paint_badge(painter, tile, look.label, colors)
    if look.changed:
        paint_round_icon(painter, changed_rect(tile), "changed", 14, "warning", colors)
    if look.hovered and (look.veiled or look.small) and not look.hidden:
        _paint_button(painter, eye_rect(tile), "eye", colors)


def _paint_picture(painter: QPainter, tile: QRect, picture: QPixmap, look: Look) -> None:
    inside = QRect(0, 0, *(2 * [round(picture_edge(tile.width()) * (SMALL if look.small else 1))]))
    inside.moveCenter(tile.center())
    ratio = picture.devicePixelRatio()
    width, height = picture.width() / ratio, picture.height() / ratio
    scale = min(inside.width() / width, inside.height() / height)
    if not look.veiled and abs(scale - 1) < 0.02:
        corner = QPointF(
            round(inside.left() + (inside.width() - width) / 2), round(inside.top() + (inside.height() - height) / 2)
        )
        painter.drawPixmap(corner, picture)
        return
    target = QRectF(0, 0, width * scale, height * scale)
    target.moveCenter(QRectF(inside).center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(target, picture, QRectF(picture.rect()))


def _paint_problem(painter: QPainter, tile: QRect, problem: str, colors: theme.Theme) -> None:
    large = "too large" in problem
    mark = tile.adjusted(0, -10, 0, -10)
    _paint_icon(painter, mark, "warning", colors)
    painter.setFont(_small_font(painter))
    painter.setPen(colors.text_muted)
    strip = QRect(tile.left() + PADDING, tile.center().y() + 8, tile.width() - 2 * PADDING, 16)
    translate = QCoreApplication.translate
    words = translate("Tile", "Too large") if large else translate("Tile", "Cannot read")
    painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, words)


def _paint_icon(painter: QPainter, tile: QRect, name: str, colors: theme.Theme) -> None:
    size = 24
    pixmap = icon_pixmap(name, size, "text_muted", painter.device().devicePixelRatioF())
    painter.drawPixmap(tile.center().x() - size // 2, tile.center().y() - size // 2, pixmap)


def _paint_frame(painter: QPainter, tile: QRect, look: Look, colors: theme.Theme) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = QRectF(tile).adjusted(1, 1, -1, -1)
    if look.chosen or look.current:
        color = colors.accent if look.chosen else colors.text_muted
        painter.setPen(QPen(color, 2, Qt.PenStyle.SolidLine if look.chosen else Qt.PenStyle.DotLine))
        painter.drawRoundedRect(inner, theme.RADIUS, theme.RADIUS)
        if look.chosen and look.current:
            painter.setPen(QPen(colors.surface0, 1))
            painter.drawRoundedRect(inner.adjusted(1.5, 1.5, -1.5, -1.5), theme.RADIUS - 1, theme.RADIUS - 1)
    elif look.moved:
        painter.setPen(QPen(colors.text_muted, 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(inner, theme.RADIUS, theme.RADIUS)
    elif look.hovered:
        painter.setPen(QPen(colors.border, 1))
        painter.drawRoundedRect(inner, theme.RADIUS, theme.RADIUS)


def _paint_badge(painter: QPainter, tile: QRect, label: Label, colors: theme.Theme) -> None:
    spot = QRect(tile.left() + PADDING + 2, tile.bottom() - PADDING - BADGE - 1, BADGE, BADGE)
    paint_round_icon(painter, spot, label.word, 14, label.word, colors)


def _paint_controls(painter: QPainter, tile: QRect, label: Label, colors: theme.Theme) -> None:
    for offered, spot in control_rects(tile).items():
        active = offered == label
        painter.setPen(QPen(getattr(colors, offered.word) if active else colors.border, 1.5 if active else 1))
        painter.setBrush(colors.surface0)
        painter.drawEllipse(QRectF(spot).adjusted(0.75, 0.75, -0.75, -0.75))
        tint = offered.word if active else "text_muted"
        _paint_icon_in(painter, spot, offered.word, 15, tint)


def paint_round_icon(painter: QPainter, spot: QRect, name: str, size: int, tint: str, colors: theme.Theme) -> None:
    """An icon on a disc that sets it off from any picture."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.surface0)
    painter.drawEllipse(spot)
    _paint_icon_in(painter, spot, name, size, tint)


def _paint_icon_in(painter: QPainter, spot: QRect, name: str, size: int, tint: str) -> None:
    pixmap = icon_pixmap(name, size, tint, painter.device().devicePixelRatioF())
    inset = (spot.width() - size) // 2
    painter.drawPixmap(spot.left() + inset, spot.top() + inset, pixmap)


def _paint_button(painter: QPainter, spot: QRect, name: str, colors: theme.Theme) -> None:
    painter.setPen(QPen(colors.border, 1))
    painter.setBrush(colors.surface0)
    painter.drawEllipse(QRectF(spot).adjusted(0.5, 0.5, -0.5, -0.5))
    _paint_icon_in(painter, spot, name, 16, "text")


def paint_band(painter: QPainter, band: QRect, colors: theme.Theme) -> None:
    """The rubber band."""
    fill = QColor(colors.accent)
    fill.setAlpha(40)
    painter.setPen(QPen(colors.accent, 1))
    painter.setBrush(fill)
    painter.drawRect(band)


def _small_font(painter: QPainter) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(theme.FONT_SMALL)
    return font
