"""A panel that hangs below a button and goes away when something else is clicked."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget

from pudm_gui import theme


class Popover(QFrame):
    """An empty panel for a subclass to fill.

    Signals
    -------
    closed
        It has gone away.
    """

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setProperty("role", "popover")

    def open_below(self, anchor: QWidget) -> None:
        """Show it under `anchor`, its right edge on the anchor's, inside the screen."""
        if self.isVisible():
            self.close()
            return
        self.adjustSize()
        screen: QRect = anchor.screen().availableGeometry()
        corner = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + theme.SPACE_XS))
        height = min(self.height(), screen.bottom() - corner.y() - theme.SPACE_S)
        self.resize(self.width(), max(height, 200))
        corner.setX(max(screen.left() + theme.SPACE_S, min(corner.x(), screen.right() - self.width())))
        self.move(corner)
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()
