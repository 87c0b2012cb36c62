"""Which model is trained: one from a folder, or a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.model_folder import ModelFacts, read_model_folder
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import IconMark
from training.errors import UserError

SIZES = (8, 16, 32, 64, 96, 128, 256)


class ModelChooser(QWidget):
    """A local diffusers folder, or a network from scratch.

    Signals
    -------
    changed
        Another model, or another size or kind of new one.
    """

    changed = Signal()

    def __init__(self, settings_key: str, parent: QWidget | None = None) -> None:
        """`settings_key`: where the choice is remembered."""
        super().__init__(parent)
        self._key = settings_key
        self.facts: ModelFacts | None = None
        self.problem = ""
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.existing = QRadioButton(self.tr("A model I have"))
        self.scratch = QRadioButton(self.tr("A new model, from scratch"))
        group = QButtonGroup(self)
        for button in (self.existing, self.scratch):
            group.addButton(button)
        self._folder_row = self._build_folder_row()
        self._new_row = self._build_new_row()
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setContentsMargins(theme.SPACE_XL, 0, 0, 0)
        self.note.setWordWrap(True)
        for widget in (self.existing, self._folder_row, self.scratch, self._new_row, self.note):
            layout.addWidget(widget)
        self.existing.setChecked(True)
        self._restore()
        self.existing.toggled.connect(self._edited)
        self._refresh()

    @property
    def from_scratch(self) -> bool:
        return self.scratch.isChecked()

    @property
    def ready(self) -> bool:
        """Whether a run can be made with what is chosen."""
        return self.from_scratch or (self.facts is not None and not self.problem)

    @property
    def name(self) -> str:
        """What to call a run on it."""
        return self.tr("new model") if self.from_scratch or self.facts is None else self.facts.folder.name

    def settings(self) -> dict[str, Any]:
        """The choice as settings of a run."""
        if self.from_scratch or self.facts is None:
            return {
                "model.source": "scratch",
                "model.preset": self.preset.currentData(),
                "data.image_size": self.image_size.currentData(),
                "data.channels": self.channels.currentData(),
            }
        facts = self.facts
        found = {"data.image_size": facts.image_size, "data.channels": facts.channels}
        return {"model.source": str(facts.folder)} | {key: value for key, value in found.items() if value is not None}

    def choose(self, folder: Path) -> None:
        """Take the model in `folder`, or say why it cannot be taken."""
        try:
            self.facts = read_model_folder(folder)
            self.problem = ""
        except UserError as error:
            self.facts, self.problem = None, str(error)
        self.existing.setChecked(True)
        self._folder.setText(folder.name or str(folder))
        self._folder.setToolTip(str(folder))
        self._edited()

    def ask(self) -> None:
        """Let the person pick a folder."""
        start = str(self.facts.folder.parent) if self.facts is not None else str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of a diffusers model"), start)
        if chosen:
            self.choose(Path(chosen))

    def _build_folder_row(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(theme.SPACE_XL, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        layout.addWidget(IconMark("model", 18, "text_muted"))
        self._folder = ElidedLabel(self.tr("no model chosen"))
        layout.addWidget(self._folder, 1)
        self.choose_button = QPushButton(self.tr("Choose…"))
        self.choose_button.setAccessibleName(self.tr("Choose the model's folder"))
        self.choose_button.clicked.connect(self.ask)
        layout.addWidget(self.choose_button)
        return row

    def _build_new_row(self) -> QWidget:
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(theme.SPACE_XL, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_S)
        grid.setVerticalSpacing(theme.SPACE_XS)
        presets = {"small": self.tr("Small"), "medium": self.tr("Medium"), "paper": self.tr("Large, as in the paper")}
        sizes = {size: f"{size} × {size}" for size in SIZES}
        colors = {3: self.tr("Colour"), 1: self.tr("Grey")}
        self.preset = self._add_choice(grid, 0, self.tr("Network"), presets, "small")
        self.image_size = self._add_choice(grid, 1, self.tr("Image size"), sizes, 32)
        self.channels = self._add_choice(grid, 2, self.tr("Colours"), colors, 3)
        return row

    def _add_choice(self, grid: QGridLayout, row: int, title: str, choices: dict[Any, str], default: Any) -> QComboBox:
        label = QLabel(title)
        label.setProperty("role", "muted")
        box = QComboBox()
        for value, word in choices.items():
            box.addItem(word, value)
        box.setCurrentIndex(box.findData(default))
        box.setAccessibleName(title)
        box.currentIndexChanged.connect(self._edited)
        grid.addWidget(label, row, 0)
        grid.addWidget(box, row, 1)
        grid.setColumnStretch(1, 1)
        return box

    def _restore(self) -> None:
        settings = QSettings()
        folder = settings.value(f"{self._key}/folder", "")
        if folder and Path(str(folder)).is_dir():
            self.choose(Path(str(folder)))
        for name, box in (("preset", self.preset), ("size", self.image_size), ("channels", self.channels)):
            stored = settings.value(f"{self._key}/{name}")
            index = next((i for i in range(box.count()) if str(box.itemData(i)) == str(stored)), -1)
            if index >= 0:
                box.setCurrentIndex(index)
        self.scratch.setChecked(settings.value(f"{self._key}/scratch", "false") in (True, "true"))

    def _remember(self) -> None:
        settings = QSettings()
        if self.facts is not None:
            settings.setValue(f"{self._key}/folder", str(self.facts.folder))
        settings.setValue(f"{self._key}/scratch", "true" if self.from_scratch else "false")
        for name, box in (("preset", self.preset), ("size", self.image_size), ("channels", self.channels)):
            settings.setValue(f"{self._key}/{name}", box.currentData())

    def _edited(self) -> None:
        self._refresh()
        self._remember()
        self.changed.emit()

    def _refresh(self) -> None:
        self._folder_row.setVisible(not self.from_scratch)
        self._new_row.setVisible(self.from_scratch)
        self._layout.removeWidget(self.note)  # it goes under the choice that it is about
        self._layout.insertWidget(self._layout.indexOf(self.scratch) if not self.from_scratch else -1, self.note)
        facts, words, role = self.facts, "", "small"
        if self.from_scratch:
            words = self.tr("It learns to make images like the unlabeled ones, and none like the sensitive ones.")
        elif self.problem:
            words, role = self.problem, "danger"
        elif facts is not None and facts.image_size is not None:
            kinds = {1: self.tr("grey"), 3: self.tr("colour")}
            words = self.tr("Makes images of {size} × {size}, {kind}.").format(
                size=facts.image_size, kind=kinds.get(facts.channels or 0, self.tr("unknown colours"))
            )
        else:
            words = self.tr("A diffusers folder of an unconditional pixel model (DDPM or DDIM).")
        self.note.setText(words)
        self.note.setProperty("role", role)
        self.note.style().unpolish(self.note)
        self.note.style().polish(self.note)
