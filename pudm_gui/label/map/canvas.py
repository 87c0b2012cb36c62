"""The map on the screen: a picture of all points with shapes on top, to draw around, move and zoom. Loads pyqtgraph."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainterPath, QResizeEvent
from PySide6.QtWidgets import QGraphicsPathItem, QWidget

from pudm_gui import theme
from pudm_gui.label.map.model import MapModel
from pudm_gui.label.map.raster import Drawn, Palette, Window

MARGIN = 0.03
"""Of the width and height of all points, around them."""
CLOSEST = 0.01
"""The narrowest part of the plane that fills the map."""
STEP, ZOOM = 0.15, 0.8
"""Of what is in sight, at a key."""
REACH = 10
"""Pixels within which a point is meant."""
SETTLE_MS = 25
"""What is in sight is drawn anew when it has not changed for so long; until then the picture is stretched."""
SIZES = {"normal": 8, "sensitive": 10, "chosen": 12}


class MapCanvas(pg.GraphicsView):
    """Draws a `MapModel`.

    The left button draws around points, or chooses the group under it; the right one moves the map; the wheel zooms.

    Signals
    -------
    hovered
        The point under the pointer, as its place in the model; None where there is none.
    drawn
        What is in sight has been drawn.
    """

    hovered = Signal(object)
    drawn = Signal()

    def __init__(self, model: MapModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._at: QPointF | None = None
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Map of all images"))
        self.setMinimumHeight(180)
        self.box = _Box(self)
        self.setCentralItem(self.box)
        self._image = pg.ImageItem(axisOrder="row-major")
        self.box.addItem(self._image)
        self.shapes = {name: pg.ScatterPlotItem(pxMode=True, size=size) for name, size in SIZES.items()}
        for item in self.shapes.values():
            self.box.addItem(item)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.redraw)
        self._look = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._look.timeout.connect(self._find_hovered)
        self.box.sigRangeChanged.connect(lambda *_: self._settle.start())
        self.scene().sigMouseMoved.connect(self._moved)
        model.reset.connect(self._start_anew)
        model.changed.connect(self._settle.start)
        self._dress()
        self.fit()

    @property
    def window_in_sight(self) -> Window:
        """The part of the plane that is in sight."""
        (left, right), (bottom, top) = self.box.viewRange()
        ratio = self.devicePixelRatioF()
        across, up = round(self.box.width() * ratio), round(self.box.height() * ratio)
        return Window(left, bottom, right - left, top - bottom, (max(across, 1), max(up, 1)), ratio)

    @property
    def reach(self) -> tuple[float, float]:
        """How far from a point the pointer may be, in units of the plane."""
        width, height = self.box.viewPixelSize()
        return REACH * width, REACH * height

    def fit(self) -> None:
        """Bring all points into sight."""
        points = self._model.points
        left, bottom, width, height = (0.0, 0.0, 1.0, 1.0) if points is None else points.bounds
        aside, above = MARGIN * width, MARGIN * height
        self.box.setRange(QRectF(left - aside, bottom - above, width + 2 * aside, height + 2 * above), padding=0)

    def zoom(self, factor: float) -> None:
        """Show `factor` times as much of the plane."""
        self.box.scaleBy((factor, factor))

    def move_by(self, across: float, up: float) -> None:
        """Move on by a share of what is in sight."""
        window = self.window_in_sight
        self.box.translateBy(x=across * window.width, y=up * window.height)

    def redraw(self) -> None:
        """Draw what is in sight, on a thread."""
        self._settle.stop()
        if self.isVisible():
            self._model.draw(self.window_in_sight, self._palette(), self._show)

    # --- Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (-STEP, 0.0),
            Qt.Key.Key_Right: (STEP, 0.0),
            Qt.Key.Key_Up: (0.0, STEP),
            Qt.Key.Key_Down: (0.0, -STEP),
        }
        key = Qt.Key(event.key())
        if key in moves:
            self.move_by(*moves[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_0):
            self.fit()
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_settle"):
            self._settle.start()

    def showEvent(self, event: QEvent) -> None:
        super().showEvent(event)
        self._settle.start()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._at = None
        self._look.stop()
        self.hovered.emit(None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_settle"):
            self._dress()
            self._settle.start()

    # --- drawing

    def _start_anew(self) -> None:
        if self._model.points is None:
            self._image.clear()
            for item in self.shapes.values():
                item.clear()
        self.fit()
        self._settle.start()

    def _show(self, drawn: Drawn) -> None:
        window, points = drawn.window, self._model.points
        if points is None:
            return
        self._image.setImage(drawn.image, autoLevels=False)
        self._image.setRect(QRectF(window.left, window.bottom, window.width, window.height))
        for name, places in (("normal", drawn.normal), ("sensitive", drawn.sensitive), ("chosen", drawn.chosen)):
            self.shapes[name].setData(pos=points.xy[places])
        self.drawn.emit()

    def _dress(self) -> None:
        colors = theme.current_theme()
        self.setBackground(colors.surface0)
        shapes = self.shapes
        shapes["normal"].setSymbol("o")
        shapes["normal"].setPen(pg.mkPen(colors.normal, width=2))
        shapes["normal"].setBrush(None)
        shapes["sensitive"].setSymbol("d")
        shapes["sensitive"].setPen(pg.mkPen(colors.surface0, width=1))
        shapes["sensitive"].setBrush(pg.mkBrush(colors.sensitive))
        shapes["chosen"].setSymbol("o")
        shapes["chosen"].setPen(pg.mkPen(colors.accent, width=2))
        shapes["chosen"].setBrush(None)
        self.box.dress(colors)

    def _palette(self) -> Palette:
        colors = theme.current_theme()
        named = (colors.text_muted, colors.sensitive, colors.normal, colors.accent)
        return Palette(*((color.red(), color.green(), color.blue()) for color in named))

    # --- pointing

    def _moved(self, at: QPointF) -> None:
        self._at = at if self.box.sceneBoundingRect().contains(at) else None
        self._look.start()

    def _find_hovered(self) -> None:
        points = self._model.points
        if self._at is None or points is None or self.box.drawing:
            self.hovered.emit(None)
            return
        at = self.box.mapSceneToView(self._at)
        self.hovered.emit(points.nearest((at.x(), at.y()), self.reach))

    def circled(self, corners: list[QPointF], *, add: bool) -> None:
        """The person has drawn around points."""
        line = np.array([(corner.x(), corner.y()) for corner in corners], np.float32)
        self._model.choose_inside(line, add=add)

    def clicked(self, at: QPointF, *, add: bool) -> None:
        """The person has clicked on the plane."""
        self._model.choose_at((at.x(), at.y()), self.reach, add=add)


class _Box(pg.ViewBox):
    """The plane: what the mouse does in it."""

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self._canvas = canvas
        self._corners: list[QPointF] = []
        self._line = QGraphicsPathItem()
        self._line.setZValue(10)
        self.addItem(self._line, ignoreBounds=True)
        self.disableAutoRange()
        self.setLimits(xMin=-1, xMax=2, yMin=-1, yMax=2, minXRange=CLOSEST, minYRange=CLOSEST)

    @property
    def drawing(self) -> bool:
        """Whether the person is drawing around points."""
        return bool(self._corners)

    def dress(self, colors: theme.Theme) -> None:
        self._line.setPen(pg.mkPen(colors.accent, width=1.5))
        fill = pg.mkColor(colors.accent)
        fill.setAlpha(36)
        self._line.setBrush(pg.mkBrush(fill))

    def mouseDragEvent(self, event, axis=None) -> None:  # type: ignore[no-untyped-def]  # pyqtgraph's own event
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton:
            moved = self.mapToView(event.lastPos()) - self.mapToView(event.pos())
            self.translateBy(x=moved.x(), y=moved.y())
            return
        if event.isStart():
            self._corners = [self.mapToView(event.buttonDownPos())]
        self._corners.append(self.mapToView(event.pos()))
        self._draw_line()
        if event.isFinish():
            corners, self._corners = self._corners, []
            self._draw_line()
            self._canvas.circled(corners, add=_adds(event))

    def mouseClickEvent(self, event) -> None:  # type: ignore[no-untyped-def]  # pyqtgraph's own event
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self._canvas.clicked(self.mapToView(event.pos()), add=_adds(event))

    def _draw_line(self) -> None:
        path = QPainterPath()
        if self._corners:
            path.moveTo(self._corners[0])
            for corner in self._corners[1:]:
                path.lineTo(corner)
            path.closeSubpath()
        self._line.setPath(path)


def _adds(event) -> bool:  # type: ignore[no-untyped-def]  # pyqtgraph's own event
    """Whether what is chosen is added to what was."""
    return bool(event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))
