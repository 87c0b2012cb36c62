"""The head of the Review page: which run, how many images to judge, with what truth, and how far it has got."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from pudm_gui.run_summary import RunSummary
from pudm_gui.theme import SPACE_M, SPACE_S
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.parts import set_role
from pudm_gui.widgets.run_chooser import RunChooser

SAMPLES = (200, 500, 1000, 2000)
DEFAULT_SAMPLES = 500


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What the person asked for. `truth` is None where the judge is to learn from the labels."""

    samples: int
    truth: Path | None
    seed: int

    def arguments(self) -> list[str | Path]:
        """As the engine's command line wants them."""
        truth: list[str | Path] = [] if self.truth is None else ["--truth", self.truth]
        return ["--samples", str(self.samples), *truth, "--seed", str(self.seed)]


class EvaluateBar(QWidget):
    """Run, number of images, Evaluate; beneath it, while needed, more options or progress."""

    evaluate = Signal(object)
    """`EvaluateOptions`."""
    stop = Signal()
    export = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chooser = RunChooser()
        self.samples = QComboBox()
        self.samples.setAccessibleName(self.tr("Number of images to judge"))
        self.samples.setToolTip(self.tr("More images take longer and make the interval narrower."))
        for count in SAMPLES:
            self.samples.addItem(self.tr("{count:,} images").format(count=count), count)
        self.samples.setCurrentIndex(SAMPLES.index(DEFAULT_SAMPLES))
        self.more = QPushButton(self.tr("More options"))
        self.more.setCheckable(True)
        self.more.setProperty("role", "quiet")
        self.more.setIcon(icon("chevron-right"))
        self.button = QPushButton(self.tr("Evaluate"))
        self.button.clicked.connect(lambda: self.evaluate.emit(self.options()))
        self.export_button = QPushButton(self.tr("Go to export"))
        self.export_button.clicked.connect(self.export)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addWidget(self.chooser, 4)
        row.addStretch(1)
        for widget in (self.more, self.samples, self.button, self.export_button):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addLayout(row)
        layout.addWidget(self._options_panel())
        layout.addWidget(self._progress_panel())
        self.more.toggled.connect(self._show_options)

    def _options_panel(self) -> QWidget:
        self.truth = QLineEdit()
        self.truth.setPlaceholderText(self.tr("None: the judge learns from your labels"))
        self.truth.setClearButtonEnabled(True)
        self.truth.setAccessibleName(self.tr("Images with their true label"))
        self.browse = QPushButton(icon("folder"), self.tr("Choose"))
        self.browse.clicked.connect(self._choose_truth)
        self.seed = QSpinBox()
        self.seed.setRange(0, 2**31 - 1)
        self.seed.setAccessibleName(self.tr("Seed"))
        self.seed.setToolTip(self.tr("Another seed draws other images."))
        explained = QLabel(
            self.tr(
                "A CSV file with the columns path and label (sensitive or normal) for images whose true label you know "
                "and that training did not use. With it the judge is independent of your labels, and its accuracy is "
                "measured."
            )
        )
        explained.setProperty("role", "small")
        explained.setWordWrap(True)
        self.options_panel = QWidget()
        grid = QGridLayout(self.options_panel)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE_S)
        grid.addWidget(QLabel(self.tr("Images with their true label")), 0, 0)
        grid.addWidget(self.truth, 0, 1)
        grid.addWidget(self.browse, 0, 2)
        grid.addWidget(explained, 1, 1, 1, 2)
        grid.addWidget(QLabel(self.tr("Seed")), 0, 3)
        grid.addWidget(self.seed, 0, 4)
        grid.setColumnStretch(1, 1)
        self.options_panel.hide()
        return self.options_panel

    def _progress_panel(self) -> QWidget:
        self.progress_text = QLabel()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the evaluation"))
        self.stop_button = QPushButton(icon("stop"), self.tr("Stop"))
        self.stop_button.clicked.connect(self._ask_to_stop)
        self.progress_panel = QWidget()
        row = QHBoxLayout(self.progress_panel)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_M)
        row.addWidget(self.progress_text)
        row.addWidget(self.progress, 1)
        row.addWidget(self.stop_button)
        self.progress_panel.hide()
        return self.progress_panel

    def options(self) -> EvaluateOptions:
        truth = self.truth.text().strip()
        return EvaluateOptions(self.samples.currentData(), Path(truth) if truth else None, self.seed.value())

    def show_summary(self, summary: RunSummary, *, busy: bool, read_only: bool) -> None:
        """Offer what can be done with `summary` now."""
        judged = summary.verdict
        self.button.setText(self.tr("Evaluate") if judged is None else self.tr("Evaluate again"))
        self.export_button.setVisible(judged is not None)
        set_role(self.button, "primary" if judged is None else "")
        set_role(self.export_button, "primary" if judged is not None and judged.level == "success" else "")
        reason = self.tr("This window only reads: another one has the project open.") if read_only else ""
        for widget in (self.button, self.samples, self.more, self.truth, self.browse, self.seed):
            widget.setEnabled(not busy and not read_only)
        self.button.setToolTip(reason)
        self.stop_button.setEnabled(not read_only)
        self.progress_panel.setVisible(busy)
        self.options_panel.setVisible(self.more.isChecked() and not busy)

    def show_progress(self, what: str, done: int, total: int) -> None:
        """`total` 0 means that nobody knows how long it takes."""
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        figures = self.tr("{what}: {done:,} of {total:,}").format(what=what, done=done, total=total)
        self.progress_text.setText(figures if total else what)

    def _ask_to_stop(self) -> None:
        self.stop_button.setEnabled(False)
        self.progress_text.setText(self.tr("Stopping"))
        self.stop.emit()

    def _show_options(self, shown: bool) -> None:
        self.more.setIcon(icon("chevron-down" if shown else "chevron-right"))
        self.options_panel.setVisible(shown)

    def _choose_truth(self) -> None:
        file, _ = QFileDialog.getOpenFileName(
            self, self.tr("Images with their true label"), self.truth.text(), self.tr("CSV files (*.csv)")
        )
        if file:
            self.truth.setText(file)
