"""Above the grid, while a preview waits."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.widgets.message import InlineMessage


class ReturnBar(QWidget):
    """Says that labels are not imported yet, with the way back to their preview."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = InlineMessage()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, 0)
        layout.addWidget(self.message)
        self.hide()

    def offer(self, text: str) -> None:
        self.message.show_message(text, "info", action_text=self.tr("Back to the preview"))
        self.show()
