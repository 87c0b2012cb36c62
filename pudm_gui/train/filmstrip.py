"""Samples over time at fixed seeds: one tile a preview, the newest at the right."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from pudm_gui import theme
from pudm_gui.train.progress import Preview
from pudm_gui.train.run_words import percent
from pudm_gui.train.sample_painting import fitted, paint_hidden, paint_picture
from pudm_gui.train.sample_store import SampleStore
from training.runs import RunFolder

SMALLEST, LARGEST = 96, 208
"""Sides of a tile, in pixels."""
CAPTION = 18
GAP = theme.SPACE_S
HOLD_MS = 180
"""A press shorter than this opens a preview and shows nothing; a longer one reveals it."""


class Filmstrip(QAbstractScrollArea):
    """Scrolls sideways over any number of previews. Hold a blurred one to see it.

    Signals
    -------
    opened
        Index of the preview to look at closely.
    """

    opened = Signal(int)

    def __init__(self, store: SampleStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._run: RunFolder | None = None
        self._previews: list[Preview] = []
        self._blur = True
        self._hidden = False
        self._pressed: int | None = None
        self._revealed: int | None = None
        self._holding = QTimer(self, singleShot=True, interval=HOLD_MS)
        self._holding.timeout.connect(self._reveal)
        self._current = -1
        self._tile = SMALLEST
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_room(0)
        self.setAccessibleName(self.tr("Samples over time"))
        store.arrived.connect(self.viewport().update)

    def show_previews(self, run: RunFolder | None, previews: list[Preview]) -> None:
        """Show `previews` of `run`; stays at the right end if it was there."""
        bar = self.horizontalScrollBar()
        at_end = run != self._run or bar.value() >= bar.maximum()
        if run != self._run:
            self._current = -1
        self._run, self._previews = run, list(previews)
        self._layout()
        if at_end:
            bar.setValue(bar.maximum())
        self.viewport().update()

    def set_room(self, height: int) -> None:
        """Make tiles as large as goes with `height` pixels of window."""
        self._tile = min(max(height // 6, SMALLEST), LARGEST)
        self.setFixedHeight(self._tile + CAPTION + 14)
        self._layout()

    def set_blur(self, blur: bool) -> None:
        self._blur = blur
        self.viewport().update()

    def set_hidden(self, hidden: bool) -> None:
        self._hidden = hidden
        self.viewport().update()

    def tile_rect(self, index: int) -> QRect:
        """Where the picture of a preview is, in the viewport."""
        x = index * (self._tile + GAP) - self.horizontalScrollBar().value()
        return QRect(x, 0, self._tile, self._tile)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first = max(0, self.horizontalScrollBar().value() // (self._tile + GAP))
        last = min(len(self._previews), first + self.viewport().width() // (self._tile + GAP) + 2)
        for index in range(first, last):
            self._paint_tile(painter, index)

    def _paint_tile(self, painter: QPainter, index: int) -> None:
        colors = theme.current_theme()
        rect = self.tile_rect(index)
        preview = self._previews[index]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.surface1)
        painter.drawRoundedRect(rect, theme.RADIUS, theme.RADIUS)
        if self._hidden:
            paint_hidden(painter, rect)
        elif self._run is not None:
            image = self._store.get(self._run, preview, blur=self._blur and self._revealed != index)
            if image is not None and not image.isNull():
                paint_picture(painter, image, fitted(image.size(), rect.adjusted(2, 2, -2, -2)))
        if index == self._current and self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.accent, 2))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
        font = self.font()
        font.setPixelSize(theme.FONT_SMALL)
        painter.setFont(font)
        painter.setPen(colors.text if index == len(self._previews) - 1 else colors.text_muted)
        words = self.tr("start") if preview.step == 0 else self.tr("step {n}").format(n=preview.step)
        if preview.nsr is not None:
            words += f" · {percent(preview.nsr)}"
        caption = QRect(rect.left() - GAP // 2, rect.bottom() + 3, rect.width() + GAP, CAPTION)
        painter.drawText(caption, Qt.AlignmentFlag.AlignHCenter, words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint().x())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self._current = self._pressed = index
            self._holding.start()
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint().x())
        clicked = self._holding.isActive() and index is not None and index == self._pressed
        self._holding.stop()
        self._pressed = self._revealed = None
        self.viewport().update()
        if clicked:
            self.opened.emit(index)

    def _reveal(self) -> None:
        self._revealed = self._pressed
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if move is not None and self._previews:
            start = self._current if self._current >= 0 else len(self._previews) - move
            self._current = min(max(start + move, 0), len(self._previews) - 1)
            self._scroll_to(self._current)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self.opened.emit(self._current)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (delta.x() or delta.y()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._layout()

    def focusInEvent(self, event: object) -> None:
        if self._current < 0 and self._previews:
            self._current = len(self._previews) - 1
        self.viewport().update()

    def focusOutEvent(self, event: object) -> None:
        self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(400, self.height())

    def _layout(self) -> None:
        whole = len(self._previews) * (self._tile + GAP) - GAP
        bar = self.horizontalScrollBar()
        bar.setRange(0, max(0, whole - self.viewport().width()))
        bar.setPageStep(self.viewport().width())
        bar.setSingleStep(self._tile + GAP)

    def _index_at(self, x: int) -> int | None:
        index, rest = divmod(x + self.horizontalScrollBar().value(), self._tile + GAP)
        return index if rest < self._tile and 0 <= index < len(self._previews) else None

    def _scroll_to(self, index: int) -> None:
        rect, bar = self.tile_rect(index), self.horizontalScrollBar()
        if rect.left() < 0:
            bar.setValue(bar.value() + rect.left())
        elif rect.right() > self.viewport().width():
            bar.setValue(bar.value() + rect.right() - self.viewport().width())
        self.viewport().update()
