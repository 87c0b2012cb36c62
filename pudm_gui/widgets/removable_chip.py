"""A rounded button with a cross at its end, for something that a click takes away."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QWidget

from pudm_gui.widgets.icons import icon, icon_pixmap

WIDEST = 260
SIDE, CROSS, MARK, GAP = 10, 12, 14, 5
"""Pixels: air at the ends, the cross, an icon, and the air between them."""


class RemovableChip(QPushButton):
    """Its text is shortened where it is long; Delete and Backspace click it too."""

    def __init__(self, text: str, icon_name: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._mark = icon(icon_name, "text_muted") if icon_name is not None else None
        self.setProperty("role", "condition")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    @property
    def end_icon(self) -> str:
        """What stands at the end."""
        return "close"

    def sizeHint(self) -> QSize:
        mark = MARK + GAP if self._mark is not None else 0
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(min(2 * SIDE + mark + words + GAP + CROSS + 2, WIDEST), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * SIDE + CROSS, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        words, option.text = option.text, ""
        self.style().drawControl(QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        inside = self.rect().adjusted(SIDE, 0, -SIDE - CROSS - GAP, 0)
        if self._mark is not None:
            self._mark.paint(painter, QRect(inside.left(), 0, MARK, self.height()))
            inside.setLeft(inside.left() + MARK + GAP)
        shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, inside.width() + 1)
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        tint = "text" if self.underMouse() or self.hasFocus() else "text_muted"
        end = icon_pixmap(self.end_icon, CROSS, tint, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - SIDE - CROSS + 2, (self.height() - CROSS) // 2, end)
