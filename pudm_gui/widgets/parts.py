"""Small parts that many panels are made of."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.widgets.icons import icon


def note(text: str = "", role: str = "small") -> QLabel:
    """Words that wrap, and are no markup."""
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def rule() -> QFrame:
    """A thin line from left to right."""
    line = QFrame()
    line.setProperty("role", "rule")
    return line


def add_rule(layout: QVBoxLayout) -> None:
    """A thin line with some air around it."""
    layout.addSpacing(theme.SPACE_XS)
    layout.addWidget(rule())
    layout.addSpacing(theme.SPACE_XS)


def icon_button(icon_name: str, tip: str, size: int = 18) -> QToolButton:
    """A quiet button with nothing but an icon. A click on it leaves the arrow keys to the images."""
    button = QToolButton()
    button.setIcon(icon(icon_name))
    button.setIconSize(QSize(size, size))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setProperty("role", "quiet")
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def scrolled_column(area: QScrollArea, spacing: int) -> QVBoxLayout:
    """Let `area` scroll up and down alone; the layout of what is in it."""
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    body = QFrame()
    body.setProperty("role", "panel")
    area.setWidget(body)
    layout = QVBoxLayout(body)
    layout.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
    layout.setSpacing(spacing)
    return layout


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget that is on the screen already another look of the style sheet."""
    set_styled(widget, "role", role)


def set_styled(widget: QWidget, name: str, value: str | bool) -> None:
    """Set a property that the style sheet asks for."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
