"""A label that shortens what does not fit, and shows the whole of it on hover."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from pudm_gui.widgets.plain_text import printable, tip


class ElidedLabel(QLabel):
    """One line of plain text with an ellipsis where it is cut; ``full_text`` is what was set."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setText(text)

    @property
    def full_text(self) -> str:
        return self._full

    def setText(self, text: str) -> None:
        # A file name may hold line breaks and undecodable bytes; neither belongs on a line of text.
        self._full = text
        self.setAccessibleName(printable(text))
        self._elide()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(printable(self._full)) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("…") * 3, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._elide()

    def _elide(self) -> None:
        whole = printable(self._full)
        shown = self.fontMetrics().elidedText(whole, self._mode, max(self.contentsRect().width(), 0))
        if shown != super().text():
            super().setText(shown)
        self.setToolTip("" if shown == whole else tip(whole))
