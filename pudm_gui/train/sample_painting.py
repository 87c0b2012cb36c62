"""How samples are drawn: as they are, blurred, or not at all."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from pudm_gui import theme
from pudm_gui.widgets.icons import icon_pixmap

BLURRED_SIDE = 5
"""Pixels that are left of a blurred picture's longer side before it is scaled up again."""


def fitted(size: QSize, room: QRect) -> QRect:
    """The largest rectangle of the same shape as `size` in the middle of `room`; whole multiples of small pictures."""
    target = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    factor = target.width() // max(size.width(), 1)
    if 2 <= factor <= 16 and factor * size.width() > 0.7 * target.width():
        target = size * factor
    rect = QRect(0, 0, target.width(), target.height())
    rect.moveCenter(room.center())
    return rect


def spaced(sheet: QImage, columns: int, count: int) -> QImage:
    """A sheet of `count` tiles in `columns`, with a little room between them."""
    side = sheet.width() // max(columns, 1)
    rows = -(-count // max(columns, 1))
    gap = max(1, side // 12)
    if side == 0 or rows * side > sheet.height():
        return sheet
    size = QSize(columns * (side + gap) - gap, rows * (side + gap) - gap)
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    for index in range(count):
        row, column = divmod(index, columns)
        tile = QRect(column * side, row * side, side, side)
        painter.drawImage(QPoint(column * (side + gap), row * (side + gap)), sheet, tile)
    painter.end()
    return image


def blurred(image: QImage) -> QImage:
    """A picture of which only the colours are left."""
    small = image.scaled(
        BLURRED_SIDE, BLURRED_SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    return small.scaled(128, 128, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def paint_picture(painter: QPainter, image: QImage, rect: QRect) -> None:
    """Draw `image` into `rect`: enlarged pixels stay pixels, reduced ones are averaged."""
    ratio = painter.device().devicePixelRatioF()
    enlarge = rect.width() * ratio >= 2 * image.width() and image.width() < 512
    mode = Qt.TransformationMode.FastTransformation if enlarge else Qt.TransformationMode.SmoothTransformation
    scaled = image.scaled(rect.size() * ratio, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    scaled.setDevicePixelRatio(ratio)
    painter.drawPixmap(rect.topLeft(), QPixmap.fromImage(scaled))


def paint_hidden(painter: QPainter, rect: QRect) -> None:
    """Draw the place of a picture that is not to be seen."""
    colors = theme.current_theme()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.surface2)
    painter.drawRoundedRect(QRectF(rect), theme.RADIUS, theme.RADIUS)
    side = 18
    mark = QRect(0, 0, side, side)
    mark.moveCenter(rect.center())
    ratio = painter.device().devicePixelRatioF()
    painter.drawPixmap(mark.topLeft(), icon_pixmap("eye-off", side, "text_muted", ratio))
