"""A scrolling grid of generated images, whose geometry is arithmetic; two of them can be joined to move as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from pudm_gui.theme import SPACE_S, SPACE_XS, Theme, current_theme
from pudm_gui.widgets.icons import icon_pixmap
from pudm_gui.widgets.sample_tiles import Tile, TileCache

SMALLEST_TILE, LARGEST_TILE = 48, 256
TILE = 96
GAP = SPACE_S
RIGHT = SPACE_XS
"""Air between the last column and the scroll bar."""
MARK = 14
HOLD_MS = 180
"""A press shorter than this is a click and shows nothing; a longer one reveals."""


class SampleGrid(QAbstractScrollArea):
    """Shows image files in rows. Images are blurred until `set_revealed`, or while one is pressed."""

    hovered = Signal(int)
    """Index under the mouse; -1 for none."""
    pressed = Signal(int)
    """Index that is held down, to be revealed; -1 when let go."""
    activated = Signal(int)
    """Clicked, or Enter or Space on the current image."""
    current_changed = Signal(int)
    geometry_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self._tiles = TileCache(self)
        self._tiles.loaded.connect(self._repaint_tile)
        self._count = 0
        self._marked: Sequence[bool] = ()
        self._tile = TILE
        self._leader: SampleGrid | None = None
        self._current = self._hovered = self._partner = self._pressed = -1
        self._down = -1
        """Index under the button that went down."""
        self._holding = QTimer(self, singleShot=True, interval=HOLD_MS)
        self._holding.timeout.connect(lambda: self._press(self._down))
        self._revealed = self._hidden = False

    # What is shown

    def set_files(self, files: Sequence[Path], marked: Sequence[bool] = ()) -> None:
        """Show `files`, from the top; the `marked` ones, if given, with the mark of what is sensitive."""
        self._tiles.set_files(files)
        self._marked = marked
        self._count = len(files)
        self._current = 0 if files else -1
        self._hovered = self._partner = -1
        self._let_go()
        self._lay_out()
        self.verticalScrollBar().setValue(0)

    def set_tile(self, pixels: int) -> None:
        """The least edge of a tile, in device-independent pixels; tiles grow until they fill the row."""
        self._tile = min(max(pixels, SMALLEST_TILE), LARGEST_TILE)
        self._lay_out()

    def set_revealed(self, revealed: bool) -> None:
        """Show every image sharp."""
        self._revealed = revealed
        self.viewport().update()

    def set_hidden(self, hidden: bool) -> None:
        """Show no image at all, not even blurred."""
        self._hidden = hidden
        self.viewport().update()

    def set_partner_hovered(self, index: int) -> None:
        """Mark the image whose partner elsewhere is under the mouse."""
        self._partner = index
        self.viewport().update()

    def set_pressed(self, index: int) -> None:
        """Reveal one image for as long as it, or its partner, is held."""
        self._pressed = index
        self.viewport().update()

    def set_current(self, index: int) -> None:
        """Move the keyboard's place to `index` and into view."""
        if not 0 <= index < self._count or index == self._current:
            return
        self._current = index
        self._scroll_to(index)
        self.viewport().update()
        self.setAccessibleDescription(self.tr("Image {index} of {count}").format(index=index + 1, count=self._count))
        self.current_changed.emit(index)

    @property
    def current(self) -> int:
        return self._current

    @property
    def count(self) -> int:
        return self._count

    @property
    def revealed(self) -> bool:
        return self._revealed

    @property
    def busy(self) -> bool:
        """Whether images in view are still being read."""
        return self._tiles.busy

    # Two grids as one

    def join(self, leader: SampleGrid) -> None:
        """Lay out like `leader`, scroll with it, and let each mark what the other points at."""
        self._leader = leader
        leader.geometry_changed.connect(self._lay_out)
        for one, other in ((self, leader), (leader, self)):
            one.verticalScrollBar().valueChanged.connect(other.verticalScrollBar().setValue)
            one.hovered.connect(other.set_partner_hovered)
            one.pressed.connect(other.set_pressed)
            one.current_changed.connect(other.set_current)

    # Geometry

    @property
    def tile(self) -> int:
        """Edge of a tile as it is drawn."""
        if self._leader:
            return self._leader.tile
        return max(SMALLEST_TILE, (self.viewport().width() - RIGHT + GAP) // self.columns - GAP)

    @property
    def columns(self) -> int:
        if self._leader:
            return self._leader.columns
        return max(1, (self.viewport().width() - RIGHT + GAP) // (self._tile + GAP))

    def tile_rect(self, index: int) -> QRect:
        """Where image `index` is, in the viewport's coordinates."""
        row, column = divmod(index, self.columns)
        pitch = self.tile + GAP
        return QRect(column * pitch, row * pitch - self.verticalScrollBar().value(), self.tile, self.tile)

    def index_at(self, point: QPoint) -> int:
        """The image at a point of the viewport; -1 in a gap."""
        pitch = self.tile + GAP
        column, row = point.x() // pitch, (point.y() + self.verticalScrollBar().value()) // pitch
        index = row * self.columns + column
        inside = 0 <= column < self.columns and row >= 0 and index < self._count
        return index if inside and self.tile_rect(index).contains(point) else -1

    def visible_indexes(self) -> range:
        pitch = self.tile + GAP
        top = self.verticalScrollBar().value()
        first = top // pitch * self.columns
        last = ((top + self.viewport().height()) // pitch + 1) * self.columns
        return range(min(first, self._count), min(last, self._count))

    def sizeHint(self) -> QSize:
        return QSize(4 * (TILE + GAP), 2 * (TILE + GAP))

    def _lay_out(self) -> None:
        rows = -(-self._count // self.columns)
        pitch = self.tile + GAP
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, rows * pitch - GAP - self.viewport().height()))
        bar.setPageStep(max(pitch, self.viewport().height() - pitch))
        bar.setSingleStep(pitch // 2)
        self._tiles.forget_waiting()
        self.viewport().update()
        self.geometry_changed.emit()

    def _scroll_to(self, index: int) -> None:
        rect, bar = self.tile_rect(index), self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() >= self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() + 1 - self.viewport().height())

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._tiles.forget_waiting()
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.index_at(event.position().toPoint()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or index < 0:
            return
        self._down = index
        self._holding.start()
        self.set_current(index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index, clicked = self._down, self._holding.isActive()
        if event.button() != Qt.MouseButton.LeftButton or index < 0:
            return
        self._let_go()
        if clicked and self.index_at(event.position().toPoint()) == index:
            self.activated.emit(index)

    def _press(self, index: int) -> None:
        self.set_pressed(index)
        self.pressed.emit(index)

    def _let_go(self) -> None:
        self._down = -1
        self._holding.stop()
        self._press(-1)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        page = self.columns * max(1, self.viewport().height() // (self.tile + GAP))
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns,
            Qt.Key.Key_Down: self.columns,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -self._count,
            Qt.Key.Key_End: self._count,
        }
        key = Qt.Key(event.key())
        if key in moves and self._count:
            self.set_current(min(max(self._current + moves[key], 0), self._count - 1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self.activated.emit(self._current)
        else:
            event.ignore()

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if index >= 0 else Qt.CursorShape.ArrowCursor)
            self.viewport().update()
            self.hovered.emit(index)

    # Painting

    def _repaint_tile(self, index: int) -> None:
        self.viewport().update(self.tile_rect(index))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        theme = current_theme()
        size = round(self.tile * self.devicePixelRatioF())
        for index in self.visible_indexes():
            rect = self.tile_rect(index)
            if not event.rect().intersects(rect):
                continue
            tile = None if self._hidden else self._tiles.tile(index, size)
            self._paint_tile(painter, theme, QRectF(rect), tile, sharp=self._revealed or index == self._pressed)
            self._paint_rings(painter, theme, QRectF(rect), index)
            if self._marked and self._marked[index]:
                self._paint_mark(painter, theme, rect)
        painter.end()

    def _paint_tile(self, painter: QPainter, theme: Theme, rect: QRectF, tile: Tile | None, *, sharp: bool) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(rect, 4, 4)
        painter.fillPath(outline, theme.surface2)
        if tile is None:
            return
        if tile.problem:
            painter.setPen(theme.text_muted)
            painter.drawText(rect.adjusted(4, 4, -4, -4), Qt.AlignmentFlag.AlignCenter, self.tr("cannot read"))
            return
        pixmap = tile.sharp if sharp else tile.blurred
        if pixmap is None:
            return
        painter.save()
        painter.setClipPath(outline)
        shown = QSize(pixmap.size()).scaled(rect.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(0, 0, shown.width(), shown.height())
        target.moveCenter(rect.center())
        painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
        painter.restore()

    def _paint_rings(self, painter: QPainter, theme: Theme, rect: QRectF, index: int) -> None:
        if index in (self._hovered, self._partner):
            color = theme.accent
        elif index == self._current and self.hasFocus():
            color = theme.text
        else:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, inset in ((QPen(theme.surface0, 2), 3.0), (QPen(color, 2), 1.0)):  # stands out on any picture
            painter.setPen(pen)
            painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), 4, 4)

    def _paint_mark(self, painter: QPainter, theme: Theme, rect: QRect) -> None:
        ground = QRectF(rect.left() + 6, rect.top() + 6, MARK + 4, MARK + 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.surface0)
        painter.drawEllipse(ground)
        painter.drawPixmap(
            rect.left() + 8, rect.top() + 8, icon_pixmap("sensitive", MARK, ratio=self.devicePixelRatioF())
        )
