"""A chosen file or folder on one line: its mark, its name, and a button to choose another."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from pudm_gui import theme
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import IconMark
from pudm_gui.widgets.plain_text import tip


class PathRow(QWidget):
    """Shows one path.

    Signals
    -------
    choose_clicked
        Another one is wanted; not told where the button has a menu.
    """

    choose_clicked = Signal()

    def __init__(self, icon_name: str, nothing: str, what: str, parent: QWidget | None = None) -> None:
        """`nothing` stands there while no path is chosen; `what` says to screen readers what the button chooses."""
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self._nothing = nothing
        self._path: Path | None = None
        self.name = ElidedLabel(nothing)
        self.button = QPushButton(self.tr("Choose…"))
        self.button.setAccessibleName(what)
        self.button.clicked.connect(self.choose_clicked)
        layout.addWidget(IconMark(icon_name, 18, "text_muted"))
        layout.addWidget(self.name, 1)
        layout.addWidget(self.button)

    @property
    def chosen(self) -> bool:
        """Whether a path is shown."""
        return self._path is not None

    def show_path(self, path: Path | None) -> None:
        self._path = path
        self.name.setText(self._nothing if path is None else path.name or str(path))
        self.name.setToolTip("" if path is None else tip(str(path)))
