"""A row of a few small pictures that stand for more."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from pudm_gui import theme
from pudm_gui.label.grid.tiles import paint_round_icon
from pudm_gui.label.suggest.previews import Preview, Previews
from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Ids, ImageRow, Label
from pudm_gui.project.project import Project
from pudm_gui.widgets.icons import icon_pixmap

GAP = 4
SMALLEST, LARGEST = 40, 72
FEWEST, MOST = 4, 6
BADGE = 14


class Strip(QWidget):
    """Paints the first of some images, 4 to 6 as there is room; a click or Return asks to see them all.

    Signals
    -------
    clicked
        The person wants to see them.
    """

    clicked = Signal()

    def __init__(
        self, project: Project, previews: Previews, parent: QWidget | None = None, *, suspected: bool = False
    ) -> None:
        """`suspected`: the images may be sensitive, and are covered where the person wants that."""
        super().__init__(parent)
        self._project, self._previews, self._suspected = project, previews, suspected
        self._rows: list[ImageRow] = []
        self._labels: list[Label] = []
        self._hovered = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        previews.ready.connect(self._arrived)
        previews.look_changed.connect(self.update)
        self.setFixedHeight(SMALLEST)

    @property
    def shown(self) -> list[int]:
        """Ids of the images that there is room for."""
        return [row.id for row in self._rows[: self._columns]]

    def show_images(self, ids: Ids, words: str) -> None:
        """Show the first of `ids`; `words` say what they are."""
        self._rows = self._previews.rows(ids[:MOST])
        self.refresh_labels()
        self.setToolTip(words)
        self.setAccessibleName(words)
        self._fit()

    def refresh_labels(self) -> None:
        """Labels have changed."""
        ids = np.array([row.id for row in self._rows], np.int64)
        self._labels = [Label(int(label)) for label in labels_for(self._project, ids)]
        self.update()

    def previews_shown(self) -> list[Preview]:
        """What is painted, from the left."""
        pairs = zip(self._rows[: self._columns], self._labels, strict=False)
        return [self._previews.preview(row, label, suspected=self._suspected) for row, label in pairs]

    def forget(self) -> None:
        """Ask for no more pictures."""
        self._previews.want(self, [], 0)

    def sizeHint(self) -> QSize:
        return QSize(FEWEST * (LARGEST + GAP), self.height())

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, preview in enumerate(self.previews_shown()):
            cell = QRect(place * (self._edge + GAP), 0, self._edge, self._edge)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.surface3 if self._hovered else colors.surface2)
            painter.drawRoundedRect(cell, theme.RADIUS - 2, theme.RADIUS - 2)
            paint_preview(painter, cell.adjusted(2, 2, -2, -2), preview)
            if (label := self._labels[place]) != Label.UNLABELED:
                spot = QRect(cell.left() + 2, cell.bottom() - BADGE - 1, BADGE, BADGE)
                paint_round_icon(painter, spot, label.word, BADGE - 4, label.word, colors)
        if self.hasFocus():
            painter.setPen(QPen(colors.accent, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
        painter.end()

    # --- Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    @property
    def _columns(self) -> int:
        return min(MOST, max(FEWEST, (self.width() + GAP) // (SMALLEST + 12 + GAP)))

    @property
    def _edge(self) -> int:
        return max(8, min(LARGEST, (self.width() + GAP) // self._columns - GAP))

    def _fit(self) -> None:
        self.setFixedHeight(max(SMALLEST, self._edge))
        self._previews.want(self, self._rows[: self._columns], round((self._edge - 4) * self.devicePixelRatioF()))
        self.update()

    def _arrived(self, image_id: int) -> None:
        if any(row.id == image_id for row in self._rows):
            self.update()


def paint_preview(painter: QPainter, cell: QRect, preview: Preview) -> None:
    """Paint a picture in the middle of `cell`, or the mark that stands for one that cannot or may not be seen."""
    tile = preview.tile
    if preview.hidden or preview.row.problem is not None or (tile is not None and tile.problem is not None):
        name, size = ("eye-off" if preview.hidden else "warning"), min(20, cell.width() // 2)
        mark = icon_pixmap(name, size, "text_muted", painter.device().devicePixelRatioF())
        painter.drawPixmap(cell.center().x() - size // 2, cell.center().y() - size // 2, mark)
        return
    if tile is None:
        return
    picture: QPixmap | None = tile.veiled if preview.veiled else tile.sharp
    if picture is None:
        return
    fitted = picture.size().scaled(cell.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QRectF(0, 0, fitted.width(), fitted.height())
    target.moveCenter(QRectF(cell).center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(target, picture, QRectF(picture.rect()))
