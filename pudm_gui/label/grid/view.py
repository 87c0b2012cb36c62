"""The grid itself: one widget that paints the tiles in sight, however many there are."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from pudm_gui import theme
from pudm_gui.label.grid.geometry import Geometry
from pudm_gui.label.grid.keeping import Kept
from pudm_gui.label.grid.model import GridModel
from pudm_gui.label.grid.navigation import KEYS, destination
from pudm_gui.label.grid.pointer import Pointer
from pudm_gui.label.grid.selection import Selection
from pudm_gui.label.grid.sight import Sight
from pudm_gui.label.grid.thumbnail import Tile, Wanted, key_of
from pudm_gui.label.grid.thumbnails import Thumbnails
from pudm_gui.label.grid.tiles import Look, paint_band, paint_tile, picture_edge
from pudm_gui.label.veil import Cover, Veil
from pudm_gui.project.model import Ids, ImageRow, Label
from pudm_gui.widgets.plain_text import printable, tip

SMALLEST, LARGEST, USUAL = 72, 320, 148
"""Edges of tiles in pixels."""
WHEEL_STEP = 8
VEIL_SECONDS = 0.015
"""For so long veils are made while one frame is painted."""
PAGES_WANTED = 2
"""Thumbnails are made for what is in sight, then for one page more."""


class GridView(QAbstractScrollArea):
    """Shows a `GridModel`.

    Signals
    -------
    selection_changed
        Other tiles are chosen, or the keyboard stands on another one.
    opened
        Index of a tile that was double-clicked.
    marked
        Index and `Label`: a small button on a tile was clicked.
    tile_changed
        The edge of the tiles, after Ctrl and the wheel.
    peeking
        The key that lifts the veil from the chosen images went down or up.
    """

    selection_changed = Signal()
    opened = Signal(int)
    marked = Signal(int, object)
    tile_changed = Signal(int)
    peeking = Signal(bool)

    def __init__(self, model: GridModel, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.thumbnails = thumbnails
        self.selection = Selection()
        self.sight = Sight(self, model, USUAL)
        self.pointer = Pointer(self)
        self._veil, self._cover = Veil(), Cover()
        self._hidden = False
        self._peeked: int | None = None
        self._peek_chosen = False
        self._dragged_to = QPoint()
        self._kept = Kept.of(model, self.selection, None)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # a bar that comes and goes shifts tiles
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Images"))
        self.viewport().setMouseTracking(True)
        self._fetch = QTimer(self, singleShot=True, interval=0)
        self._fetch.timeout.connect(self._fetch_thumbnails)
        self._veils_until = 0.0
        self._more_veils = QTimer(self, singleShot=True, interval=0)
        self._more_veils.timeout.connect(self.viewport().update)
        model.about_to_reset.connect(self._note_place)
        model.reset.connect(self._model_was_reset)
        model.changed.connect(self.refresh)
        thumbnails.ready.connect(self._thumbnail_arrived)
        self.pointer.selected.connect(self.select)
        self.pointer.marked.connect(self.marked)
        self.pointer.peeked.connect(self._peek)
        self.pointer.moved.connect(self.viewport().update)
        self.pointer.scroll_wanted.connect(self._scroll_by)

    @property
    def busy(self) -> bool:
        """Whether pictures for what is in sight are still to come."""
        return self._fetch.isActive() or self._more_veils.isActive() or self.thumbnails.busy

    # --- settings

    @property
    def tile(self) -> int:
        return self.sight.tile

    @property
    def picture_edge(self) -> int:
        """Longer edge of the pictures in the tiles, in device pixels."""
        return round(picture_edge(self.sight.geometry.edge) * self.devicePixelRatioF())

    def set_tile(self, edge: int) -> None:
        """Make tiles about `edge` pixels large; what is in sight stays in sight."""
        edge = min(max(edge, SMALLEST), LARGEST)
        if edge == self.tile:
            return
        self.sight.keep(self.selection.current, self.sight.geometry, lambda: setattr(self.sight, "tile", edge))
        self.refresh()
        self.tile_changed.emit(edge)

    def set_cover(self, veil: Veil, cover: Cover) -> None:
        """How covered pictures look, and which ones are covered."""
        self._veil, self._cover = veil, cover
        self.refresh()

    def set_editable(self, editable: bool) -> None:
        """Whether tiles offer to be marked."""
        self.pointer.buttons = editable
        self.viewport().update()

    def set_hidden(self, hidden: bool) -> None:
        """Show no picture at all."""
        self._hidden = hidden
        self.refresh()

    def peek_at_chosen(self, peek: bool) -> None:
        """Lift the veil from the chosen images, or from the one under the pointer, while a key is held."""
        if peek != self._peek_chosen:
            self._peek_chosen = peek
            self.viewport().update()
            self.peeking.emit(peek)

    # --- choosing

    def select(self, selection: Selection) -> None:
        self.selection = selection
        self.viewport().update()
        self.selection_changed.emit()

    def go_to(self, index: int) -> None:
        """Choose one tile and bring it into sight."""
        self.select(self.selection.only(index))
        self.sight.show(index)

    def chosen_ids(self) -> Ids:
        return self.selection.chosen.take(self.model.ids)

    def veils(self, index: int) -> bool:
        """Whether the image there is covered now."""
        if self._peeked == index or not self._cover.over(self.model.label(index), self.model.shown.within):
            return False
        peeked = index in self.selection.chosen if self.selection.chosen else index == self.pointer.hovered
        return not (self._peek_chosen and peeked)

    # --- painting

    def refresh(self) -> None:
        """Paint anew and fetch what is missing."""
        self._fetch.start()
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current_theme()
        self._veils_until = time.perf_counter() + VEIL_SECONDS
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), colors.surface0)
        geometry, offset = self.sight.geometry, self.sight.offset
        start, stop = geometry.span(event.rect().top() + offset, event.rect().bottom() + 1 + offset)
        chosen = self.selection.chosen.mask(start, stop)
        moved = self.model.moved(start, stop)
        for place, row in enumerate(self.model.rows(start, stop)):
            look = self._look(start + place, row)
            look.chosen, look.moved = bool(chosen[place]), bool(moved[place])
            paint_tile(painter, geometry.rect(start + place).translated(0, -offset), look, colors)
        if self.pointer.band is not None:
            paint_band(painter, self.pointer.band.translated(0, -offset), colors)
        painter.end()

    def _look(self, index: int, row: ImageRow) -> Look:
        look = Look(
            label=self.model.label(index),
            hidden=self._hidden,
            problem=row.problem,
            current=index == self.selection.current and self.hasFocus(),
            hovered=index == self.pointer.hovered and self.pointer.band is None,
            editable=self.pointer.buttons,
            changed=row.changed and self.model.label(index) != Label.UNLABELED,
        )
        if self.veils(index):
            look.veiled, look.small = self._cover.veiled, self._cover.small
        tile = self.thumbnails.tile(key_of(row))
        if tile is not None:
            look.problem = look.problem or tile.problem
            look.picture = self._veiled(tile) if look.veiled else tile.sharp
        return look

    def _veiled(self, tile: Tile) -> QPixmap | None:
        """The veiled picture; none yet where too many are to be made for one frame."""
        if tile.veil_is_made or time.perf_counter() < self._veils_until:
            return tile.veiled
        self._more_veils.start()
        return None

    def _thumbnail_arrived(self, image_id: int) -> None:
        index = self.model.place(image_id)
        if index is not None:
            self.viewport().update(self.sight.rect(index))

    def _fetch_thumbnails(self) -> None:
        start, stop = self.sight.span(PAGES_WANTED)
        edge = self.picture_edge
        rows = [] if self._hidden else self.model.rows(start, stop)
        self.thumbnails.want([Wanted.of(row, edge, self._veil) for row in rows if row.problem is None])

    # --- scrolling and resizing

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        if self.pointer.band is None:
            self.viewport().scroll(0, dy)
        else:
            self.viewport().update()
        self._fetch.start()

    def _scroll_by(self, pixels: int) -> None:
        self.sight.scroll_to(self.sight.offset + pixels)
        self._drag_to(self._dragged_to)

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = event.oldSize().width()
        before = Geometry(len(self.model), width if width > 0 else self.viewport().width(), self.tile)
        self.sight.keep(self.selection.current, before, lambda: None)
        self.refresh()

    # --- another list

    def _note_place(self) -> None:
        self._kept = Kept.of(self.model, self.selection, self.sight.landmark())

    def _model_was_reset(self, other_filter: bool) -> None:
        self.pointer.release()
        self.pointer.hover(None)
        self.selection = self._kept.selection_in(self.model, other_filter=other_filter)
        self.sight.find(None if other_filter else self._kept.landmark)
        if other_filter and self.selection.current is not None and self.selection.chosen:
            self.sight.show(self.selection.current)
        self.refresh()
        self.selection_changed.emit()

    # --- keyboard and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        if key == Qt.Key.Key_R and not modifiers:
            self.peek_at_chosen(True)
            return
        if key not in KEYS:
            event.ignore()
            return
        index = destination(key, self.selection.current, self.sight.geometry, self.viewport().height())
        if index is None:
            return
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            keep = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
            self.select(self.selection.extended(index, keep=keep))
            self.sight.show(index)
        else:
            self.go_to(index)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_R and not event.isAutoRepeat():
            self.peek_at_chosen(False)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self._content(event.position().toPoint())
        geometry = self.sight.geometry
        index = geometry.index_at(at)
        self.pointer.hover(index)
        veiled = index is not None and not self._hidden and self.veils(index)
        self.pointer.press(event, at, geometry, self.selection, veiled)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag_to(event.position().toPoint())
        else:
            self._hover(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pointer.release()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at, geometry = self._content(event.position().toPoint()), self.sight.geometry
        index = geometry.index_at(at)
        if event.button() != Qt.MouseButton.LeftButton or index is None:
            return
        if self.pointer.button_at(index, at, geometry) is not None:
            self.mousePressEvent(event)  # two quick clicks on a small button are two clicks
        else:
            self.opened.emit(index)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_tile(self.tile + (WHEEL_STEP if event.angleDelta().y() > 0 else -WHEEL_STEP))
            event.accept()
            return
        super().wheelEvent(event)
        self._hover(event.position().toPoint())

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.peek_at_chosen(False)
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointer.hover(None)
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        return super().viewportEvent(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        index = self.sight.geometry.index_at(self._content(event.pos()))
        if index is None:
            QToolTip.hideText()
            return
        row = self.model.row(index)
        tile = self.thumbnails.tile(key_of(row))
        problem = row.problem or (tile.problem if tile else None)
        lines = [printable(row.path), problem or ""]
        if row.changed and self.model.label(index) != Label.UNLABELED:
            lines.append(self.tr("The file has changed since it was labeled"))
        text = "\n".join(line for line in lines if line)
        QToolTip.showText(event.globalPos(), tip(text), self.viewport(), self.sight.rect(index))

    def _hover(self, point: QPoint) -> None:
        self.pointer.hover(self.sight.geometry.index_at(self._content(point)))

    def _drag_to(self, point: QPoint) -> None:
        self._dragged_to = point
        height = self.viewport().height()
        beyond = point.y() - height if point.y() > height else min(point.y(), 0)
        self.pointer.drag(self._content(point), beyond, self.sight.geometry)

    def _content(self, point: QPoint) -> QPoint:
        return point + QPoint(0, self.sight.offset)

    def _peek(self, index: int | None) -> None:
        self._peeked = index
        self.viewport().update()
