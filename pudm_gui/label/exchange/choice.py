"""The first step of an import: which file or folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.widgets.icons import IconMark, icon

WIDEST = 420
LAST_PLACE = "label/exchange/folder"


class ImportChoice(QWidget):
    """Two cards: a table, or a folder.

    Signals
    -------
    chosen
        The `Path` of a file or folder.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.file = QPushButton(icon("file"), self.tr("Choose a file…"))
        self.file.clicked.connect(self._choose_file)
        self.folder = QPushButton(icon("folder"), self.tr("Choose a folder…"))
        self.folder.clicked.connect(self._choose_folder)
        cards = QHBoxLayout()
        cards.setSpacing(theme.SPACE_L)
        cards.addStretch(1)
        cards.addWidget(
            _card(
                "file",
                self.tr("A table"),
                self.tr(
                    "CSV with the columns path and label, or JSON Lines with the same names. Columns tags, annotator "
                    "and sha256 are read too. Paths are relative to an image folder, or absolute."
                ),
                self.file,
            )
        )
        cards.addWidget(
            _card(
                "folder",
                self.tr("A folder"),
                self.tr(
                    "Images in subfolders named sensitive, normal or after a tag, found by their name or content. Or "
                    "text files with tags, named like the images."
                ),
                self.folder,
            )
        )
        cards.addStretch(1)
        hint = QLabel(self.tr("You see what would change before anything does. A table can also be dropped here."))
        hint.setProperty("role", "muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        layout.setSpacing(theme.SPACE_XL)
        layout.addStretch(2)
        layout.addLayout(cards)
        layout.addWidget(hint)
        layout.addStretch(3)

    def _choose_file(self) -> None:
        kinds = self.tr("Tables (*.csv *.tsv *.jsonl *.ndjson);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Table of labels"), last_place(), kinds)
        self._choose(chosen)

    def _choose_folder(self) -> None:
        self._choose(QFileDialog.getExistingDirectory(self, self.tr("Folder with labels or tags"), last_place()))

    def _choose(self, chosen: str) -> None:
        if chosen:
            remember_place(Path(chosen))
            self.chosen.emit(Path(chosen))


def last_place() -> str:
    """The folder that was last imported from or exported to."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return str(QSettings().value(LAST_PLACE, documents))


def remember_place(chosen: Path) -> None:
    QSettings().setValue(LAST_PLACE, str(chosen.parent))


def _card(icon_name: str, title: str, text: str, button: QPushButton) -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    card.setMaximumWidth(WIDEST)
    head = QHBoxLayout()
    head.setSpacing(theme.SPACE_S)
    head.addWidget(IconMark(icon_name, 18, "text_muted"))
    name = QLabel(title)
    name.setProperty("role", "heading")
    head.addWidget(name, 1)
    words = QLabel(text)
    words.setProperty("role", "muted")
    words.setWordWrap(True)
    words.setAlignment(Qt.AlignmentFlag.AlignTop)
    layout = QVBoxLayout(card)
    layout.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
    layout.setSpacing(theme.SPACE_M)
    layout.addLayout(head)
    layout.addWidget(words, 1)
    layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
    return card
