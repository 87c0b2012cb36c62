"""One picture, to look at closely: fitted or enlarged, dragged about, blurred or not."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from pudm_gui import theme
from pudm_gui.widgets.icons import icon_pixmap

LARGEST = 16.0
STEP = 1.25
SMALL = 0.3
"""The part of the widget that a picture fills where it is to be small."""


class ImageCanvas(QWidget):
    """Paints a pixmap as if it had `size` pixels, so that a blurred one takes exactly the place of the sharp one.

    Signals
    -------
    zoom_changed
        How many screen pixels an image pixel takes now.
    """

    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None, *, margin: int = 0) -> None:
        super().__init__(parent)
        self._margin = margin
        self._pixmap: QPixmap | None = None
        self._size = QSize()
        self._message: tuple[str, str] | None = None
        self._zoom: float | None = None
        self._middle = QPointF()
        """Image point at the middle of the widget, in pixels from the image's own middle."""
        self._share = 1.0
        self._grabbed: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_pixmap(self, pixmap: QPixmap, size: QSize, *, keep_place: bool = False, small: bool = False) -> None:
        """Show `pixmap` in the place of an image of `size` pixels; `small`, it fills but a part of the widget."""
        self._pixmap, self._size, self._message, self._share = pixmap, size, None, SMALL if small else 1.0
        if not keep_place:
            self._zoom, self._middle = None, QPointF()
        self._tell()

    def show_message(self, icon_name: str, text: str) -> None:
        """Show a sentence instead of a picture."""
        self._pixmap, self._message, self._zoom = None, (icon_name, text), None
        self.update()

    def clear(self) -> None:
        self._pixmap, self._message = None, None
        self.update()

    @property
    def zoom(self) -> float:
        """Screen pixels per image pixel."""
        return self._fit() if self._zoom is None else self._zoom

    @property
    def fitted(self) -> bool:
        return self._zoom is None

    def set_fit(self) -> None:
        self._zoom, self._middle = None, QPointF()
        self._tell()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Enlarge, keeping the image point under `at` (the middle of the widget by default) where it is."""
        if self._pixmap is None:
            return
        offset = (at or self._centre()) - self._centre()
        point = self._middle + offset / self.zoom
        self._zoom = min(max(zoom, min(self._fit(), 1.0)), max(LARGEST, self._fit()))
        self._middle = point - offset / self._zoom
        self._tell()

    def zoom_in(self) -> None:
        self.set_zoom(self.zoom * STEP)

    def zoom_out(self) -> None:
        self.set_zoom(self.zoom / STEP)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current_theme()
        painter = QPainter(self)
        if self._message is not None:
            self._paint_message(painter, *self._message, colors)
        elif self._pixmap is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(self._target(), self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        self.set_zoom(self.zoom * STEP**steps, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pixmap is not None:
            self._grabbed = event.position()
            if not self.fitted:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None and not self.fitted:
            self._middle -= (event.position() - self._grabbed) / self.zoom
            self._grabbed = event.position()
            self._tell()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.fitted:
            self.set_zoom(1.0, event.position())
        else:
            self.set_fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._tell()

    def _tell(self) -> None:
        self._keep_inside()
        self.update()
        if self._pixmap is not None:
            self.zoom_changed.emit(self.zoom)

    def _keep_inside(self) -> None:
        # Where the image is smaller than the widget it stays in the middle; otherwise its edges stay outside.
        spare_x = max(0.0, self._size.width() / 2 - self.width() / 2 / self.zoom)
        spare_y = max(0.0, self._size.height() / 2 - self.height() / 2 / self.zoom)
        self._middle = QPointF(
            min(max(self._middle.x(), -spare_x), spare_x), min(max(self._middle.y(), -spare_y), spare_y)
        )

    def _fit(self) -> float:
        if self._size.isEmpty():
            return 1.0
        room_x, room_y = max(1, self.width() - 2 * self._margin), max(1, self.height() - 2 * self._margin)
        return self._share * min(room_x / self._size.width(), room_y / self._size.height())

    def _centre(self) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2)

    def _target(self) -> QRectF:
        target = QRectF(QPointF(), QSizeF(self._size) * self.zoom)
        target.moveCenter(self._centre() - self._middle * self.zoom)
        return target

    def _paint_message(self, painter: QPainter, icon_name: str, text: str, colors: theme.Theme) -> None:
        size = 28
        top = self.height() // 2 - size - theme.SPACE_S
        pixmap = icon_pixmap(icon_name, size, "text_muted", self.devicePixelRatioF())
        painter.drawPixmap((self.width() - size) // 2, top, pixmap)
        width = min(360, self.width() - 2 * theme.SPACE_L)
        box = QRectF((self.width() - width) / 2, top + size + theme.SPACE_S, width, self.height())
        painter.setPen(colors.text_muted)
        painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, text)
