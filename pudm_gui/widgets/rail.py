"""The rail at the left: one button a page, each with a small state."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.widgets.icons import icon_pixmap
from pudm_gui.widgets.progress_ring import paint_ring

WIDTH = 76
BUTTON_HEIGHT = 68
ICON = 22
DOT = 8


@dataclass(frozen=True, slots=True)
class RailState:
    """What a page says about itself on the rail."""

    text: str = ""
    """A count or a word, few characters."""
    progress: float | None = None
    """Share done of what is under way, in [0, 1]."""
    dot: str | None = None
    """Name of a theme colour, such as "success"."""


class RailButton(QAbstractButton):
    """Icon, name and state of one page."""

    def __init__(self, icon_name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._state = RailState()
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.set_state(RailState())

    @property
    def state(self) -> RailState:
        return self._state

    def set_state(self, state: RailState) -> None:
        self._state = state
        progress = "" if state.progress is None else f"{state.progress:.0%}"
        self.setAccessibleName(", ".join(part for part in (self.text(), state.text, progress) if part))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 1, BUTTON_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, colors)
        icon_rect = QRect((self.width() - ICON) // 2, 10, ICON, ICON)
        strong = self.isChecked() or self.underMouse()
        tint = "text" if strong and self.isEnabled() else "text_muted"
        painter.setOpacity(1.0 if self.isEnabled() else 0.45)
        painter.drawPixmap(icon_rect.topLeft(), icon_pixmap(self._icon_name, ICON, tint, self.devicePixelRatioF()))
        self._paint_mark(painter, colors, icon_rect)
        font = self.font()
        font.setPixelSize(theme.FONT_SMALL + 1)
        font.setWeight(font.Weight.DemiBold if self.isChecked() else font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(getattr(colors, tint))
        painter.drawText(QRect(0, 34, self.width(), 16), Qt.AlignmentFlag.AlignCenter, self.text())
        font.setWeight(font.Weight.Normal)
        font.setPixelSize(theme.FONT_SMALL)
        painter.setFont(font)
        painter.setPen(colors.text_muted)
        shown = painter.fontMetrics().elidedText(self._state.text, Qt.TextElideMode.ElideRight, self.width() - 8)
        painter.drawText(QRect(0, 49, self.width(), 14), Qt.AlignmentFlag.AlignCenter, shown)

    def _paint_ground(self, painter: QPainter, colors: theme.Theme) -> None:
        ground = QRectF(self.rect()).adjusted(6, 2, -6, -2)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked() or self.isDown():
            painter.setBrush(colors.surface3 if self.isDown() else colors.surface2)
            painter.drawRoundedRect(ground, theme.RADIUS, theme.RADIUS)
        if self.hasFocus() and self.window().isActiveWindow():
            painter.setPen(colors.accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)

    def _paint_mark(self, painter: QPainter, colors: theme.Theme, beside: QRect) -> None:
        corner = beside.topRight() + QPoint(3, -3)
        if self._state.progress is not None:
            ring = QRectF(corner.x() - 2, corner.y() - 2, 12, 12)
            paint_ring(painter, ring, self._state.progress, colors.surface3, colors.accent)
        elif self._state.dot is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(getattr(colors, self._state.dot))
            painter.drawEllipse(QRectF(corner.x(), corner.y(), DOT, DOT))


class Rail(QFrame):
    """The column of page buttons.

    Signals
    -------
    chosen
        Name of the page whose button was pressed.
    """

    chosen = Signal(str)

    def __init__(self, pages: list[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        """`pages`: name, icon and title of each, top to bottom."""
        super().__init__(parent)
        self.setProperty("role", "rail")
        self.setFixedWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE_S, 0, theme.SPACE_S)
        layout.setSpacing(0)
        group = QButtonGroup(self)
        self._buttons: dict[str, RailButton] = {}
        for name, icon_name, title in pages:
            button = RailButton(icon_name, title)
            button.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
            group.addButton(button)
            layout.addWidget(button)
            self._buttons[name] = button
        layout.addStretch(1)

    def button(self, name: str) -> RailButton:
        return self._buttons[name]

    def select(self, name: str) -> None:
        self._buttons[name].setChecked(True)

    def set_state(self, name: str, state: RailState) -> None:
        self._buttons[name].set_state(state)

    def clear(self) -> None:
        for button in self._buttons.values():
            button.set_state(RailState())
