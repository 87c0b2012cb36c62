"""A message where the work is, instead of a dialog in front of it."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.widgets.icons import IconMark, icon
from pudm_gui.widgets.parts import set_role

MessageKind = Literal["info", "success", "warning", "error"]
TINTS: dict[MessageKind, str] = {"info": "accent", "success": "success", "warning": "warning", "error": "danger"}


class InlineMessage(QFrame):
    """One sentence with its kind, at most one action, and a way to close it.

    Signals
    -------
    action
        The action's button was pressed.
    closed
        The person closed it.
    """

    action = Signal()
    closed = Signal()

    def __init__(
        self,
        text: str = "",
        kind: MessageKind = "info",
        parent: QWidget | None = None,
        *,
        action_text: str | None = None,
        closable: bool = True,
        stacked: bool = False,
    ) -> None:
        """`stacked`: the button goes under the words, for narrow places."""
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_S, theme.SPACE_S)
        layout.setSpacing(theme.SPACE_S)
        self._mark = IconMark(kind, 20, TINTS[kind])
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)  # file names are no markup
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton()
        self.button.clicked.connect(self.action)
        self._close = QToolButton()
        self._close.setProperty("role", "quiet")
        self._close.setIcon(icon("close", "text_muted"))
        self._close.setAccessibleName(self.tr("Close message"))
        self._close.setToolTip(self.tr("Close"))
        self._close.clicked.connect(self._dismiss)
        layout.addWidget(self._mark, alignment=Qt.AlignmentFlag.AlignTop if stacked else Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout() if stacked else QHBoxLayout()
        words.setSpacing(theme.SPACE_S)
        words.addWidget(self.label, 1)
        words.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft if stacked else Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(words, 1)
        layout.addWidget(self._close)
        self._close.setVisible(closable)
        self._say(text, kind, action_text)
        if not text:
            self.hide()  # shown it must not be: without a parent it would be a window of its own

    def show_message(self, text: str, kind: MessageKind = "info", *, action_text: str | None = None) -> None:
        """Show `text`; an empty one hides the message."""
        self._say(text, kind, action_text)
        self.setVisible(bool(text))

    def _say(self, text: str, kind: MessageKind, action_text: str | None) -> None:
        self.kind = kind
        self.label.setText(text)
        self.setAccessibleName(text)
        self.button.setText(action_text or "")
        self.button.setVisible(action_text is not None)
        self._mark.set_icon(kind, TINTS[kind])
        set_role(self, f"message-{kind}")

    @property
    def text(self) -> str:
        return self.label.text()

    def _dismiss(self) -> None:
        self.hide()
        self.closed.emit()
