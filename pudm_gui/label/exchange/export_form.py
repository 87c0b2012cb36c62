"""Which labels to write, in which form, and where to."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.exchange.choice import last_place, remember_place
from pudm_gui.label.exchange.words import format_names, number
from pudm_gui.project.exchange.copies import Copying
from pudm_gui.project.exchange.formats import FORMATS, Format
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.message import InlineMessage

WIDEST = 560
NAMES: dict[Format, str] = {"csv": "labels.csv", "jsonl": "labels.jsonl", "folder": "by label", "sidecar": "tags"}


class ExportForm(QWidget):
    """Three choices and a place.

    Signals
    -------
    export_wanted
        The button was pressed; `target`, `format`, `scope` and `copying` say what.
    """

    export_wanted = Signal()

    def __init__(self, project_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project_name = project_name
        self.format_box = self._box(self.tr("Format"), list(format_names().items()))
        self.format_box.currentIndexChanged.connect(self._format_changed)
        self.scope_box = self._box(self.tr("Which images"), [])
        self.copying_box = self._box(
            self.tr("The images themselves"),
            [
                ("copy", self.tr("Copies")),
                ("hardlink", self.tr("Hard links (same disk, no space)")),
                ("symlink", self.tr("Symbolic links (no space)")),
            ],
        )
        self.about = QLabel()
        self.about.setProperty("role", "muted")
        self.about.setWordWrap(True)
        self.result = InlineMessage(closable=False)
        self.place = QLineEdit()
        self.place.setAccessibleName(self.tr("Where to"))
        self.place.textChanged.connect(lambda _: self.result.show_message(""))
        self.browse = QPushButton(icon("folder"), self.tr("Choose…"))
        self.browse.clicked.connect(self._choose)
        self.button = QPushButton(self.tr("Export"))
        """For the foot of the sheet."""
        self.button.setProperty("role", "primary")
        self.button.clicked.connect(self.export_wanted)
        self._lay_out()
        self._format_changed()

    @property
    def format(self) -> Format:
        return FORMATS[max(self.format_box.currentIndex(), 0)]

    @property
    def copying(self) -> Copying:
        return self.copying_box.currentData()

    @property
    def scope(self) -> str:
        """One of "all", "sensitive", "normal", "listed" and "selected"."""
        return str(self.scope_box.currentData())

    @property
    def target(self) -> Path | None:
        """None while nothing is written."""
        text = self.place.text().strip()
        return Path(text).expanduser() if text else None

    def show_scopes(self, sensitive: int, normal: int, listed: int, selected: int) -> None:
        """Say how many images each choice has; what has none is not offered."""
        former = self.scope
        self.scope_box.clear()
        self.scope_box.addItem(self.tr("All that have a label or tags"), "all")
        for name, words, count in (
            ("sensitive", self.tr("Sensitive ({n})"), sensitive),
            ("normal", self.tr("Normal ({n})"), normal),
            ("listed", self.tr("Those in the list ({n})"), listed),
            ("selected", self.tr("The selected ones ({n})"), selected),
        ):
            if count:
                self.scope_box.addItem(words.format(n=number(count)), name)
        self.scope_box.setCurrentIndex(max(self.scope_box.findData(former), 0))

    def _box(self, name: str, items: list[tuple[str, str]]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        for value, words in items:
            box.addItem(words, value)
        return box

    def _lay_out(self) -> None:
        place = QHBoxLayout()
        place.setSpacing(theme.SPACE_S)
        place.addWidget(self.place, 1)
        place.addWidget(self.browse)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE_L)
        grid.setVerticalSpacing(theme.SPACE_M)
        self._copying_label = QLabel(self.tr("Images"))
        rows: list[tuple[QLabel, QWidget | QHBoxLayout]] = [
            (QLabel(self.tr("Format")), self.format_box),
            (QLabel(""), self.about),
            (QLabel(self.tr("Which")), self.scope_box),
            (self._copying_label, self.copying_box),
            (QLabel(self.tr("Where to")), place),
        ]
        for row, (label, field) in enumerate(rows):
            grid.addWidget(label, row, 0)
            if isinstance(field, QWidget):
                label.setBuddy(field)
                grid.addWidget(field, row, 1)
            else:
                label.setBuddy(self.place)
                grid.addLayout(field, row, 1)
        grid.setColumnStretch(1, 1)
        body = QWidget()
        body.setMaximumWidth(WIDEST)
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.SPACE_L)
        inner.addLayout(grid)
        inner.addWidget(self.result)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_XL)
        layout.addWidget(body)
        layout.addStretch(1)

    def _format_changed(self) -> None:
        about: dict[Format, str] = {
            "csv": self.tr("Path, label, tags, SHA-256, source, annotator and time of each image, for spreadsheets."),
            "jsonl": self.tr("The same as a table, one JSON object per line, for programs."),
            "folder": self.tr("A new folder with the images in subfolders sensitive, normal and unlabeled."),
            "sidecar": self.tr(
                "A new folder with a text file of tags for each image that has any, as training tools read."
            ),
        }
        self.about.setText(about[self.format])
        for widget in (self._copying_label, self.copying_box):
            widget.setVisible(self.format == "folder")
        former = self.target
        folder = former.parent if former is not None else Path(last_place())
        self.place.setText(str(folder / f"{self._project_name} {NAMES[self.format]}"))

    def _choose(self) -> None:
        start = self.place.text()
        if self.format in ("csv", "jsonl"):
            kinds = self.tr("CSV (*.csv)") if self.format == "csv" else self.tr("JSON Lines (*.jsonl)")
            chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Export labels to"), start, kinds)
        else:
            chosen = QFileDialog.getExistingDirectory(self, self.tr("New or empty folder to export to"), last_place())
        if chosen:
            remember_place(Path(chosen))
            self.place.setText(chosen)
