"""The left half of the Export page: which run, where to, which weights, and the button."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDate, QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from pudm_gui.run_summary import RunSummary
from pudm_gui.theme import SPACE_M, SPACE_S
from pudm_gui.verdict import verdict
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.run_chooser import RunChooser

WEIGHTS = ("ema", "raw")


class ExportForm(QWidget):
    """Asks for what an export needs."""

    export = Signal()
    folder_edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chooser = RunChooser()
        self.chooser.setMaximumWidth(16_777_215)  # as wide as the other fields
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addLayout(self._fields())
        layout.addWidget(self._action())
        layout.addWidget(self._progress_row())

    def _fields(self) -> QGridLayout:
        self.folder = QLineEdit()
        self.folder.setAccessibleName(self.tr("Folder to export to"))
        self.folder.textEdited.connect(self.folder_edited)
        self.browse = QPushButton(icon("folder"), self.tr("Choose"))
        self.browse.clicked.connect(self._choose_folder)
        self.weights = QComboBox()
        self.weights.setAccessibleName(self.tr("Weights"))
        self.weights.addItem(self.tr("Averaged over training (EMA)"), "ema")
        self.weights.addItem(self.tr("As they were at the last step (raw)"), "raw")
        self.weights_note = QLabel()
        self.weights_note.setProperty("role", "small")
        self.weights_note.setWordWrap(True)
        self.format = QLabel()
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_M)
        grid.setVerticalSpacing(SPACE_S)
        rows: list[tuple[str, QWidget]] = [
            (self.tr("Run"), self.chooser),
            ("", self.verdict),
            (self.tr("Folder"), self._folder_row()),
            (self.tr("Format"), self.format),
            (self.tr("Weights"), self.weights),
            ("", self.weights_note),
        ]
        for row, (name, widget) in enumerate(rows):
            label = QLabel(name)
            label.setBuddy(widget)
            grid.addWidget(label, row, 0)
            grid.addWidget(widget, row, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def _folder_row(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(self.folder, 1)
        layout.addWidget(self.browse)
        row.setFocusProxy(self.folder)
        return row

    def _action(self) -> QWidget:
        self.button = QPushButton(self.tr("Export"))
        self.button.setProperty("role", "primary")
        self.button.clicked.connect(self.export)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addStretch(1)
        return row

    def _progress_row(self) -> QWidget:
        self.progress_text = QLabel()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the export"))
        self.progress_row = QWidget()
        layout = QHBoxLayout(self.progress_row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self.progress_text)
        layout.addWidget(self.progress, 1)
        self.progress_row.hide()
        return self.progress_row

    @property
    def target(self) -> Path:
        return Path(self.folder.text().strip()).expanduser()

    @property
    def chosen_weights(self) -> str:
        return str(self.weights.currentData())

    def show_state(self, summary: RunSummary, *, busy: bool, read_only: bool) -> None:
        """Offer what can be done with `summary` now."""
        self.verdict.setText(self._verdict_words(summary))
        self.format.setText(
            self.tr("diffusers folder with safetensors, and the LoRA file")
            if summary.lora
            else self.tr("diffusers folder with safetensors")
        )
        for widget in (self.button, self.folder, self.browse, self.weights):
            widget.setEnabled(not busy and not read_only)
        self.chooser.setEnabled(not busy)
        reason = self.tr("This window only reads: another one has the project open.") if read_only else ""
        self.button.setToolTip(reason)
        self.progress_row.setVisible(busy)
        self.note_weights(summary)

    def _verdict_words(self, summary: RunSummary) -> str:
        if summary.report is None:
            return self.tr("Not evaluated yet.")
        told = self.tr("{verdict} Judged {day}.")
        return told.format(verdict=verdict(summary.report).text, day=self._day(summary.report.created))

    def _day(self, moment: str) -> str:
        """When that was, in `moment`'s ISO 8601 form, as people say it."""
        day = QDateTime.fromString(moment, Qt.DateFormat.ISODateWithMs).toLocalTime().date()
        if day == QDate.currentDate():
            return self.tr("today")
        written = QLocale().toString(day, QLocale.FormatType.LongFormat)
        return self.tr("on {date}").format(date=written) if written else self.tr("at an unknown time")

    def note_weights(self, summary: RunSummary) -> None:
        """Say it where the weights on offer are not those that were judged."""
        report = summary.report
        other = report is not None and report.weights != self.chosen_weights
        self.weights_note.setText(self.tr("The evaluation judged the other weights, not these.") if other else "")
        self.weights_note.setVisible(other)

    def show_progress(self, what: str, done: int, total: int) -> None:
        """`total` 0 means that nobody knows how long it takes."""
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        figures = self.tr("{what}: {done:,} of {total:,}").format(what=what, done=done, total=total)
        self.progress_text.setText(figures if total else what)

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder to export to"), self.folder.text())
        if folder:
            self.folder.setText(folder)
            self.folder_edited.emit()
