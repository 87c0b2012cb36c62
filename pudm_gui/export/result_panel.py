"""What an export gave: the checks, the folder, and how to load it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from pudm_gui.export.check_list import Check, CheckList
from pudm_gui.model_folder import read_model_folder
from pudm_gui.theme import SPACE_M, SPACE_S
from pudm_gui.widgets.icons import icon
from training.errors import UserError


def loading_snippet(folder: Path) -> str:
    """Lines of Python that load the exported model and draw an image."""
    lines = [
        "from diffusers import DiffusionPipeline",
        f"pipeline = DiffusionPipeline.from_pretrained({str(folder)!r})",
        _drawing(folder),
    ]
    return "\n".join(lines)


def _drawing(folder: Path) -> str:
    try:
        facts = read_model_folder(folder)
    except UserError:  # the checks say what is wrong with it
        return "image = pipeline().images[0]"
    if facts.conditioning == "caption":
        return 'image = pipeline("what to draw").images[0]'
    if facts.conditioning == "class" and facts.latent:
        return "image = pipeline(class_labels=[0]).images[0]"
    if facts.conditioning == "class":
        return "# diffusers has no pipeline that takes a class here: README.md shows how to draw with one"
    return "image = pipeline().images[0]"


class ResultPanel(QWidget):
    """Checks first; once they hold, the folder and the lines that load it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path()
        self.checks = CheckList()
        heading = QLabel(self.tr("Checked on what was written"))
        heading.setProperty("role", "strong")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(heading)
        layout.addWidget(self.checks)
        layout.addSpacing(SPACE_S)
        layout.addWidget(self._after())

    def _after(self) -> QWidget:
        self.snippet = QPlainTextEdit()
        self.snippet.setReadOnly(True)
        self.snippet.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.snippet.setProperty("role", "mono")
        self.snippet.setAccessibleName(self.tr("Python lines that load the model"))
        self.snippet.setFixedHeight(88)
        self.open_button = QPushButton(icon("folder"), self.tr("Open folder"))
        self.open_button.clicked.connect(self._open)
        self.copy_path = QPushButton(icon("copy"), self.tr("Copy path"))
        self.copy_path.clicked.connect(lambda: QGuiApplication.clipboard().setText(str(self._folder)))
        self.copy_lines = QPushButton(icon("copy"), self.tr("Copy these lines"))
        self.copy_lines.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.snippet.toPlainText()))
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_S)
        for button in (self.open_button, self.copy_path):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.copy_lines)
        self.after = QWidget()
        layout = QVBoxLayout(self.after)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addLayout(buttons)
        layout.addWidget(self.snippet)
        self.after.hide()
        return self.after

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show how far the checks have come, with no folder yet."""
        self.checks.show_checks(checks)
        self.after.hide()

    def show_result(self, folder: Path, checks: Sequence[Check]) -> None:
        """The export is there."""
        self._folder = folder
        self.checks.show_checks(checks)
        self.snippet.setPlainText(loading_snippet(folder))
        self.after.show()

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
