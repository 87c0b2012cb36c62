"""The picture of the point under the pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from pudm_gui import theme
from pudm_gui.label.suggest.previews import Preview, Previews
from pudm_gui.label.suggest.strip import paint_preview
from pudm_gui.project.model import ImageRow, Label
from pudm_gui.widgets.plain_text import printable

EDGE = 128
CAPTION = 20
AWAY = 14
"""Pixels from the pointer."""


class HoverPicture(QWidget):
    """Lies over the map beside the pointer, and never under it."""

    def __init__(self, previews: Previews, parent: QWidget) -> None:
        super().__init__(parent)
        self._map, self._previews = parent, previews
        self._row: ImageRow | None = None
        self._label = Label.UNLABELED
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(EDGE, EDGE + CAPTION)
        previews.ready.connect(lambda image_id: self.update())
        previews.look_changed.connect(self.update)
        self.hide()

    @property
    def preview(self) -> Preview | None:
        """What is painted; None while nothing is to be seen."""
        return None if self._row is None else self._previews.preview(self._row, self._label)

    def show_image(self, image_id: int, label: Label, at: QPoint) -> None:
        """Show an image beside `at`, a place in the parent."""
        if self._row is None or self._row.id != image_id:
            self._row = self._previews.rows(np.array([image_id], np.int64))[0]
            self._previews.want(self, [self._row], round((EDGE - 8) * self.devicePixelRatioF()))
        self._label = label
        self.move(self._place(at))
        self.show()
        self.raise_()
        self.update()

    def forget(self) -> None:
        """There is no point under the pointer."""
        if self._row is not None:
            self._row = None
            self._previews.want(self, [], 0)
        self.hide()

    def _place(self, at: QPoint) -> QPoint:
        """Right of and below the pointer, or on the other side where there is no room."""
        room = self._map.rect()
        x = at.x() + AWAY if at.x() + AWAY + self.width() <= room.width() else at.x() - AWAY - self.width()
        y = at.y() + AWAY if at.y() + AWAY + self.height() <= room.height() else at.y() - AWAY - self.height()
        return QPoint(max(0, min(x, room.width() - self.width())), max(0, min(y, room.height() - self.height())))

    def paintEvent(self, event: QPaintEvent) -> None:
        preview = self.preview
        if preview is None:
            return
        colors = theme.current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colors.border, 1))
        painter.setBrush(colors.surface1)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), theme.RADIUS, theme.RADIUS)
        paint_preview(painter, QRect(4, 4, EDGE - 8, EDGE - 8), preview)
        font = QFont(self.font())
        font.setPixelSize(theme.FONT_SMALL)
        painter.setFont(font)
        painter.setPen(colors.text_muted)
        name = printable(preview.row.path.rpartition("/")[2])
        line = QRect(6, EDGE - 4, EDGE - 12, CAPTION)
        elided = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, elided)
        painter.end()
