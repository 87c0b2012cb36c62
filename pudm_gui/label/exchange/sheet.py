"""What stands in the place of the Label page while labels are imported or exported."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.label.exchange.choice import ImportChoice
from pudm_gui.label.exchange.export_form import ExportForm
from pudm_gui.label.exchange.preview import PreviewPanel
from pudm_gui.label.exchange.waiting import Waiting
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.message import InlineMessage


class ExchangeSheet(QFrame):
    """A title, one step below it, and buttons at the bottom. Esc goes back to the images.

    Signals
    -------
    closed
        The person wants to go back to the images.
    """

    closed = Signal()

    def __init__(self, project_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel("")
        self.title.setProperty("role", "title")
        self.path = ElidedLabel("")
        self.path.setProperty("role", "muted")
        self.failure = InlineMessage(kind="error")
        self.choice = ImportChoice()
        self.waiting = Waiting()
        self.preview = PreviewPanel()
        self.export = ExportForm(project_name)
        self.steps = QStackedWidget()
        for step in (self.choice, self.waiting, self.preview, self.export):
            self.steps.addWidget(step)
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.clicked.connect(self.closed)
        self.apply = QPushButton()
        self.apply.setProperty("role", "primary")
        self.apply.clicked.connect(self.preview.import_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head())
        layout.addWidget(self.steps, 1)
        self._foot = self._make_foot()
        layout.addWidget(self._foot)

    def show_step(self, step: QWidget, title: str, path: str = "") -> None:
        """Bring a step to the front and give it the keyboard."""
        self.title.setText(title)
        self.path.setText(path)
        self.path.setVisible(bool(path))
        self.failure.show_message("")
        self.steps.setCurrentWidget(step)
        self.apply.setVisible(step is self.preview)
        self.export.button.setVisible(step is self.export)
        self._foot.setVisible(step is not self.waiting)
        self.cancel.setText(self.tr("Close") if step is self.export else self.tr("Cancel"))
        self.take_focus()

    def take_focus(self) -> None:
        step = self.steps.currentWidget()
        focus = {
            self.choice: self.choice.file,
            self.waiting: self.waiting.stop,
            self.preview: self.apply if self.apply.isEnabled() else self.preview.tabs.currentWidget(),
            self.export: self.export.format_box,
        }[step]  # type: ignore[index]
        focus.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _head(self) -> QWidget:
        head = QWidget()
        layout = QVBoxLayout(head)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, 0)
        layout.setSpacing(theme.SPACE_XS)
        layout.addWidget(self.title)
        layout.addWidget(self.path)
        layout.addWidget(self.failure)
        return head

    def _make_foot(self) -> QWidget:
        foot = QFrame()
        foot.setProperty("role", "panel")
        layout = QHBoxLayout(foot)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_M, theme.SPACE_XL, theme.SPACE_M)
        layout.setSpacing(theme.SPACE_S)
        layout.addStretch(1)
        layout.addWidget(self.cancel)
        layout.addWidget(self.apply)
        layout.addWidget(self.export.button)
        return foot
