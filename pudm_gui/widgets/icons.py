"""Our own SVG icons, tinted when they are painted, so that they follow the theme by themselves."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from pudm_gui.theme import current_theme, mix

TINTS = frozenset(
    {"text", "text_muted", "accent", "accent_text", "sensitive", "normal", "danger", "warning", "success"}
)
LABEL_TINTS = {"sensitive": "sensitive", "normal": "normal", "unlabeled": "text_muted"}


def icon(name: str, tint: str | None = None) -> QIcon:
    """The icon `resources/icons/NAME.svg`.

    Parameters
    ----------
    name
        File name without its ending.
    tint
        Name of a theme colour; by default the label colours for label icons and the text colour for all others.
    """
    chosen = tint or LABEL_TINTS.get(name, "text")
    if chosen not in TINTS:
        raise ValueError(f"no tint is named {chosen}")
    return _icon(name, chosen)


@cache
def _icon(name: str, tint: str) -> QIcon:
    """One for all uses, kept for good: a crash was traced to an engine written in Python that died with its icon while
    widgets that hold each other were collected as garbage (PySide 6.11)."""
    _source(name)  # a wrong name fails here, not at the first paint
    return QIcon(_TintedEngine(name, tint))


def icon_pixmap(name: str, size: int, tint: str | None = None, ratio: float = 1.0) -> QPixmap:
    """The icon as a pixmap of `size` logical pixels for painting code."""
    chosen = tint or LABEL_TINTS.get(name, "text")
    return QPixmap.fromImage(_rendered(name, getattr(current_theme(), chosen).rgba(), size, ratio))


class IconMark(QWidget):
    """An icon that is only looked at, `size` pixels wide and high."""

    def __init__(self, name: str, size: int = 16, tint: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set_icon(name, tint)

    def set_icon(self, name: str, tint: str | None = None) -> None:
        self._icon = icon(name, tint)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._icon.paint(QPainter(self), self.rect())


class _TintedEngine(QIconEngine):
    def __init__(self, name: str, tint: str) -> None:
        super().__init__()
        self._name = name
        self._tint = tint

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        ratio = painter.device().devicePixelRatioF()
        image = _rendered(self._name, self._color(mode).rgba(), side, ratio)
        corner = QPoint(rect.x() + (rect.width() - side) // 2, rect.y() + (rect.height() - side) // 2)
        painter.drawImage(corner, image)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _TintedEngine(self._name, self._tint)

    def _color(self, mode: QIcon.Mode) -> QColor:
        theme = current_theme()
        color: QColor = getattr(theme, self._tint)
        return mix(color, theme.surface0, 0.4) if mode == QIcon.Mode.Disabled else color


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    return Path(str(files("resources")), "icons", f"{name}.svg").read_text("utf-8")


@lru_cache(maxsize=512)
def _rendered(name: str, rgba: int, size: int, ratio: float) -> QImage:
    color = QColor.fromRgba(rgba).name()
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))
    pixels = max(1, round(size * ratio))
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image
