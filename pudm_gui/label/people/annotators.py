"""Who has labeled how much."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pudm_gui import theme
from pudm_gui.project.agreement import Annotator
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import IconMark
from pudm_gui.widgets.plain_text import printable


class AnnotatorTable(QWidget):
    """A name a row, with the images that are sensitive and normal by their word."""

    def __init__(self, annotators: Sequence[Annotator], you: str, parent: QWidget | None = None) -> None:
        """`you`: the name of the person before the window."""
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_XS)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for place, one in enumerate(annotators):
            name = self.tr("{name} (you)").format(name=one.name) if one.name == you else one.name
            grid.addWidget(ElidedLabel(name, mode=Qt.TextElideMode.ElideRight), place, 0)
            for column, (kind, count) in enumerate((("sensitive", one.sensitive), ("normal", one.normal))):
                number = QLabel(QLocale().toString(count))
                number.setAlignment(Qt.AlignmentFlag.AlignRight)
                number.setAccessibleName(f"{printable(one.name)}: {count} {kind}")
                grid.addWidget(IconMark(kind, 13), place, 1 + 2 * column)
                grid.addWidget(number, place, 2 + 2 * column)
