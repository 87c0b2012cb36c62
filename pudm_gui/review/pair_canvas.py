"""Paints one pair of samples: next to each other, or one wiped over the other."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from pudm_gui.review.sample_files import SampleFiles
from pudm_gui.theme import SPACE_L, SPACE_M, current_theme
from pudm_gui.widgets.sample_tiles import Tile, TileCache

CAPTION = 22
LARGEST = 1024
"""Device-independent pixels; beyond that a small image only gets coarser."""


class PairCanvas(QWidget):
    """Paints the pair. Dragging moves the wipe; pressing reveals the images while side by side."""

    wiped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(QSize(240, 160))
        self._before, self._after = TileCache(self), TileCache(self)
        for tiles in (self._before, self._after):
            tiles.loaded.connect(lambda _index: self.update())
        self._files = SampleFiles()
        self._index = -1
        self._has_before = False
        self._wiping = False
        self._wipe = 50
        self._revealed = self._held = self._hidden = False

    def set_files(self, files: SampleFiles) -> None:
        self._files = files
        self._has_before = bool(files.before)
        self._before.set_files([sample.file for sample in files.before])
        self._after.set_files([sample.file for sample in files.after])
        self._index = -1

    def show_pair(self, index: int) -> None:
        self._index = index
        self.update()

    def set_wiping(self, wiping: bool) -> None:
        self._wiping = wiping
        self.setCursor(Qt.CursorShape.SplitHCursor if self.wiping else Qt.CursorShape.ArrowCursor)
        self.update()

    def set_wipe(self, percent: int) -> None:
        """Share of the width, from the left, that shows the image from before."""
        self._wipe = percent
        self.update()

    def set_revealed(self, revealed: bool) -> None:
        self._revealed = revealed
        self.update()

    def set_held(self, held: bool) -> None:
        self._held = held
        self.update()

    def set_hidden(self, hidden: bool) -> None:
        self._hidden = hidden
        self.update()

    @property
    def wiping(self) -> bool:
        return self._wiping and self._has_before

    @property
    def sharp(self) -> bool:
        """Whether the images can be made out."""
        return (self._revealed or self._held) and not self._hidden

    def frames(self) -> list[QRectF]:
        """Where the images go: one square, or two of the same size."""
        count = 2 if self._has_before and not self.wiping else 1
        edge = min((self.width() - (count - 1) * SPACE_L) / count, self.height() - CAPTION, LARGEST)
        left = (self.width() - count * edge - (count - 1) * SPACE_L) / 2
        top = max(0.0, (self.height() - CAPTION - edge) / 2)
        return [QRectF(left + k * (edge + SPACE_L), top + CAPTION, edge, edge) for k in range(count)]

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._index < 0:
            return
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frames = self.frames()
        size = round(frames[0].width() * self.devicePixelRatioF())
        after = self._after.tile(self._index, size)
        before = self._before.tile(self._index, size) if self._has_before else None
        if self.wiping:
            self._paint_wipe(painter, frames[0], before, after)
        else:
            if self._has_before:
                self._paint_image(painter, frames[0], before, self._before_caption())
            self._paint_image(painter, frames[-1], after, self._after_caption())
        painter.end()

    def _before_caption(self) -> str:
        judged = self._files.before[self._index].sensitive
        return self.tr("Before, judged sensitive") if judged else self.tr("Before")

    def _after_caption(self) -> str:
        judged = self._files.after[self._index].sensitive
        return self.tr("After, judged sensitive") if judged else self.tr("After")

    def _paint_image(self, painter: QPainter, frame: QRectF, tile: Tile | None, caption: str) -> None:
        painter.setPen(current_theme().text_muted)
        painter.drawText(frame.adjusted(0, -CAPTION, 0, -frame.height()), Qt.AlignmentFlag.AlignLeft, caption)
        self._paint_pixels(painter, frame, tile)

    def _paint_pixels(self, painter: QPainter, frame: QRectF, tile: Tile | None) -> None:
        theme = current_theme()
        painter.fillRect(frame, theme.surface2)
        if tile is None or self._hidden:
            return
        if tile.problem:
            painter.setPen(theme.text_muted)
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, tile.problem)
            return
        pixmap = tile.sharp if self.sharp else tile.blurred
        if pixmap is None:
            return
        target = QRectF(pixmap.rect())
        shown = target.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target.setSize(shown)
        target.moveCenter(frame.center())
        painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
        if not self.sharp and not self.wiping:
            self._paint_hint(painter, frame, self.tr("Hold to see"))

    def _paint_hint(self, painter: QPainter, frame: QRectF, text: str) -> None:
        theme = current_theme()
        pill = QRectF(0, 0, painter.fontMetrics().horizontalAdvance(text) + 2 * SPACE_M, 28)
        pill.moveCenter(frame.center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.surface0)
        painter.drawRoundedRect(pill, 14, 14)
        painter.setPen(theme.text)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_wipe(self, painter: QPainter, frame: QRectF, before: Tile | None, after: Tile | None) -> None:
        self._paint_pixels(painter, frame, after)
        edge = frame.left() + frame.width() * self._wipe / 100
        painter.save()
        painter.setClipRect(QRectF(frame.left(), frame.top(), edge - frame.left(), frame.height()))
        self._paint_pixels(painter, frame, before)
        painter.restore()
        theme = current_theme()
        painter.setPen(theme.text_muted)
        caption = frame.adjusted(0, -CAPTION, 0, -frame.height())
        painter.drawText(caption, Qt.AlignmentFlag.AlignLeft, self._before_caption())
        painter.drawText(caption, Qt.AlignmentFlag.AlignRight, self._after_caption())
        painter.setPen(QPen(theme.accent, 2))
        painter.drawLine(QPointF(edge, frame.top()), QPointF(edge, frame.bottom()))
        if not self.sharp and not self._hidden:
            self._paint_hint(painter, frame, self.tr("Hold Space to see"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self.wiping:
            self._drag(event.position().x())
        else:
            self.set_held(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.wiping and event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.set_held(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for tiles in (self._before, self._after):
            tiles.forget_waiting()

    def _drag(self, x: float) -> None:
        frame = self.frames()[0]
        self.wiped.emit(round(100 * min(max((x - frame.left()) / frame.width(), 0.0), 1.0)))
