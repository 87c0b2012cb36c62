"""Small rounded buttons that filter, each with a count."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSize
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QPushButton, QWidget

from pudm_gui import theme
from pudm_gui.widgets.icons import icon


class Pill(QPushButton):
    """A checkable filter with an optional icon and count; ``toggled`` says when it changes."""

    def __init__(
        self, text: str, count: int | None = None, parent: QWidget | None = None, *, icon_name: str | None = None
    ) -> None:
        super().__init__(parent)
        self._name = text
        self._count = count
        self.setCheckable(True)
        self.setProperty("role", "pill")
        if icon_name is not None:
            self.setIcon(icon(icon_name))
            self.setIconSize(QSize(theme.FONT_BODY, theme.FONT_BODY))
        self._write()

    @property
    def count(self) -> int | None:
        return self._count

    def set_count(self, count: int | None) -> None:
        if count != self._count:
            self._count = count
            self._write()

    def sizeHint(self) -> QSize:
        # A checked pill is bold; it must neither be cut off nor shift its neighbours.
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        wider = QFontMetrics(bold).horizontalAdvance(self.text()) - self.fontMetrics().horizontalAdvance(self.text())
        return super().sizeHint() + QSize(max(0, wider), 0)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _write(self) -> None:
        number = "" if self._count is None else QLocale().toString(self._count)
        self.setText(f"{self._name}  {number}".strip())
        self.setAccessibleName(f"{self._name}, {number}" if number else self._name)
