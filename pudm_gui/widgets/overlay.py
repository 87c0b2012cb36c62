"""A message that floats over the bottom of a page, so that nothing under the pointer moves when it appears."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from pudm_gui import theme
from pudm_gui.widgets.message import InlineMessage, MessageKind

PATIENCE_MS = 6000
WIDEST = 640


class MessageOverlay(InlineMessage):
    """Shows one message over `host`. Good news goes away by itself; warnings and errors stay until they are closed."""

    def __init__(self, host: QWidget) -> None:
        super().__init__("", parent=host)
        self._host = host
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.setAutoFillBackground(True)
        host.installEventFilter(self)

    def tell(self, text: str, kind: MessageKind = "info", *, action_text: str | None = None) -> None:
        if self.isVisible() and self.kind == "error" and kind in ("info", "success"):
            return
        self.show_message(text, kind, action_text=action_text)
        self._place()
        self.raise_()
        self._timer.stop()
        if kind in ("info", "success") and action_text is None:
            self._timer.start(PATIENCE_MS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        host = self._host
        width = min(WIDEST, host.width() - 2 * theme.SPACE_L)
        height = self.heightForWidth(width)
        self.setGeometry((host.width() - width) // 2, host.height() - height - theme.SPACE_L, width, height)
