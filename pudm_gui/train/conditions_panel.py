"""Where the captions or classes of a conditional model's images come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.model_folder import Conditioning, ModelFacts
from pudm_gui.train.class_editor import ClassEditor
from pudm_gui.train.csv_columns import caption_columns
from pudm_gui.train.field_grid import FieldGrid
from pudm_gui.train.path_row import PathRow
from pudm_gui.widgets.number_box import ChoiceBox
from pudm_gui.widgets.parts import set_role
from training.errors import UserError

TYPING_MS = 400
"""After the last key, until what was typed is looked at."""


class ConditionsPanel(QWidget):
    """Shown for conditional models alone.

    Signals
    -------
    changed
        Other captions or classes, or another place to take them from.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: Conditioning = "none"
        self._csv: Path | None = None
        self._csv_problem = ""
        self._unnumbered: Sequence[str] = ()
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, theme.SPACE_M)
        layout.setSpacing(theme.SPACE_S)
        self.heading = QLabel()
        self.heading.setProperty("role", "heading")
        self.source = ChoiceBox()
        self.csv_row = self._build_csv()
        self.label_fields = self._build_labels()
        self.classes = ClassEditor()
        self.status = QLabel()
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setWordWrap(True)
        self.add_names = QPushButton(self.tr("Write their lines, for you to fill in"))
        self.add_names.clicked.connect(lambda: self.classes.add(self._unnumbered))
        for widget in (self.heading, self.source, self.csv_row, self.label_fields, self.classes, self.status):
            layout.addWidget(widget)
        layout.addWidget(self.add_names, alignment=Qt.AlignmentFlag.AlignLeft)
        self.source.currentIndexChanged.connect(self._choose_source)
        self.classes.changed.connect(self._typing.start)
        self.hide()

    @property
    def active(self) -> bool:
        return self._kind != "none"

    @property
    def kind(self) -> Conditioning:
        """What the model is conditioned on."""
        return self._kind

    def show_model(self, facts: ModelFacts | None) -> None:
        """Ask for what this model is conditioned on, if for anything."""
        kind: Conditioning = "none" if facts is None else facts.conditioning
        if kind != self._kind:
            self._kind = kind
            self._offer_sources()
        self.classes.set_known(facts.class_names if facts is not None else {}, facts.classes if facts else None)
        self.setVisible(self.active)
        self._refresh()

    def settings(self) -> dict[str, Any]:
        """The choice as settings of a run; {} for a model without conditions.

        Raises
        ------
        UserError
            The numbers of the classes cannot be understood.
        """
        if not self.active:
            return {}
        found: dict[str, Any] = {"conditioning.source": self.source.currentData()}
        if self._kind == "class":
            found["conditioning.classes"] = self.classes.value()
        if self.source.currentData() == "csv":
            found["conditioning.csv"] = "" if self._csv is None else str(self._csv)
            found["conditioning.csv_column"] = self.column.currentText()
        if self.source.currentData() == "label":
            unlabeled, sensitive = self.unlabeled.text().strip(), self.sensitive.text().strip()
            # Images labeled normal are of the same pool as the unlabeled ones.
            found["conditioning.by_label"] = {"unlabeled": unlabeled, "normal": unlabeled, "sensitive": sensitive}
        return found

    @property
    def complete(self) -> bool:
        """Whether all is said that has to be, before images are looked at."""
        return not (self.missing() or (self._kind == "class" and self.classes.problem))

    def missing(self) -> str:
        """What has to be said before images can be looked at; "" where all is."""
        source = self.source.currentData()
        if not self.active:
            return ""
        if source == "csv" and (self._csv is None or self._csv_problem):
            return self._csv_problem or self.tr("Choose the CSV file.")
        if source == "label" and not (self.unlabeled.text().strip() and self.sensitive.text().strip()):
            if self._kind == "caption":
                return self.tr("Write both captions.")
            return self.tr("Give both classes.")
        return ""

    def show_status(self, text: str, role: str, unnumbered: Sequence[str] = ()) -> None:
        """Say how many images have a caption or class; `unnumbered` are classes that need a number."""
        self._unnumbered = unnumbered
        self.add_names.setVisible(bool(unnumbered))
        self.status.setText(text)
        self.status.setVisible(bool(text))
        set_role(self.status, role)

    def choose_csv(self, file: Path) -> None:
        """Take the captions or classes from `file`, or say why that cannot be."""
        self._csv, self._csv_problem = file, ""
        former = self.column.currentText()
        self.column.blockSignals(True)
        self.column.clear()
        try:
            self.column.addItems(caption_columns(file))
        except UserError as error:
            self._csv_problem = str(error)
        wanted = next((i for name in (former, self._kind) if (i := self.column.findText(name)) >= 0), 0)
        self.column.setCurrentIndex(wanted)
        self.column.blockSignals(False)
        self.file.show_path(file)
        self._choose_source()

    def _build_csv(self) -> QWidget:
        box = QWidget()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        self.file = PathRow("file", self.tr("no file chosen"), self.tr("Choose the CSV file"))
        self.file.setToolTip(self.tr("One line an image: its path as in the project, and its caption or class."))
        self.file.choose_clicked.connect(self._ask_for_csv)
        grid = FieldGrid()
        self.column = ChoiceBox()
        self.column.currentIndexChanged.connect(self.changed)
        grid.add(self.tr("Column"), self.column)
        layout.addWidget(self.file)
        layout.addWidget(grid)
        return box

    def _build_labels(self) -> FieldGrid:
        grid = FieldGrid()
        self.unlabeled, self.sensitive = QLineEdit(), QLineEdit()
        for title, field in ((self.tr("Unlabeled"), self.unlabeled), (self.tr("Sensitive"), self.sensitive)):
            grid.add(title, field)
            field.textEdited.connect(lambda _: self._typing.start())
        return grid

    def _offer_sources(self) -> None:
        caption = self._kind == "caption"
        words = {
            "sidecar": self.tr("A text file beside each image"),
            "folder": self.tr("The folder that an image lies in"),
            "tag": self.tr("The tag of an image"),
            "csv": self.tr("A column of a CSV file"),
            "label": self.tr("One caption for each label") if caption else self.tr("One class for each label"),
        }
        self.heading.setText(self.tr("Captions") if caption else self.tr("Classes"))
        self.source.setAccessibleName(
            self.tr("Where captions come from") if caption else self.tr("Where classes come from")
        )
        self.source.blockSignals(True)
        self.source.clear()
        for source in ("sidecar", "csv", "label") if caption else ("folder", "tag", "csv", "label"):
            self.source.addItem(words[source], source)
        self.source.blockSignals(False)
        for field, example in (
            (self.unlabeled, self.tr("a photo of a person") if caption else self.tr("name or number")),
            (self.sensitive, self.tr("a photo of a known person") if caption else self.tr("name or number")),
        ):
            field.setPlaceholderText(example)

    def _choose_source(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        source = self.source.currentData()
        self.csv_row.setVisible(source == "csv")
        self.label_fields.setVisible(source == "label")
        self.classes.setVisible(self._kind == "class")

    def _ask_for_csv(self) -> None:
        start = str(self._csv.parent if self._csv is not None else Path.home())
        title, kinds = self.tr("Captions or classes by path"), self.tr("CSV files (*.csv)")
        chosen, _ = QFileDialog.getOpenFileName(self, title, start, kinds)
        if chosen:
            self.choose_csv(Path(chosen))
