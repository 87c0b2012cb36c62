"""Which model is trained: one from a folder or a file, or a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QLabel, QMenu, QRadioButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.model_folder import ConfigNeededError, ModelFacts, read_model_folder
from pudm_gui.train.adapter_choice import AdapterChoice
from pudm_gui.train.model_words import summary
from pudm_gui.train.new_model_form import NewModelForm
from pudm_gui.train.path_row import PathRow
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.parts import set_role
from training.errors import UserError


class ModelChooser(QWidget):
    """A local checkpoint, or a network from scratch.

    Signals
    -------
    changed
        Another model, another way to train it, or another size or kind of new one.
    """

    changed = Signal()

    def __init__(self, settings_key: str, parent: QWidget | None = None) -> None:
        """`settings_key`: where the choice is remembered."""
        super().__init__(parent)
        self._key = settings_key
        self._source: Path | None = None
        self.facts: ModelFacts | None = None
        self.problem = ""
        self.config_needed = False
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.existing = QRadioButton(self.tr("A model I have"))
        self.scratch = QRadioButton(self.tr("A new model, from scratch"))
        group = QButtonGroup(self)
        for button in (self.existing, self.scratch):
            group.addButton(button)
        self.source_row = self._build_source_row()
        self.config_row = PathRow("folder", self.tr("no folder chosen"), self.tr("Choose the configuration's folder"))
        self.config_row.setContentsMargins(theme.SPACE_XL, 0, 0, 0)
        self.config_row.choose_clicked.connect(self.ask_for_config)
        self.adapter = AdapterChoice()
        self.new_model = NewModelForm()
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setContentsMargins(theme.SPACE_XL, 0, 0, 0)
        self.note.setWordWrap(True)
        rows = (self.existing, self.source_row, self.config_row, self.adapter, self.scratch, self.new_model, self.note)
        for widget in rows:
            layout.addWidget(widget)
        self.existing.setChecked(True)
        self._restore()
        self.existing.toggled.connect(self._edited)
        self.adapter.changed.connect(self._edited)
        self.new_model.changed.connect(self._edited)
        self._refresh()

    def _build_source_row(self) -> PathRow:
        row = PathRow("model", self.tr("no model chosen"), self.tr("Choose the model"))
        row.setContentsMargins(theme.SPACE_XL, 0, 0, 0)
        menu = QMenu(row.button)
        self.folder_action = menu.addAction(icon("folder"), self.tr("A folder (diffusers)…"))
        self.folder_action.triggered.connect(self.ask)
        self.file_action = menu.addAction(icon("file"), self.tr("A single file (.safetensors)…"))
        self.file_action.triggered.connect(self.ask_for_file)
        row.button.setMenu(menu)
        return row

    @property
    def from_scratch(self) -> bool:
        return self.scratch.isChecked()

    @property
    def chosen(self) -> ModelFacts | None:
        """The model to fine-tune; None for a new one, and where none can be used."""
        return None if self.from_scratch or self.problem else self.facts

    @property
    def ready(self) -> bool:
        """Whether a run can be made with what is chosen."""
        return self.from_scratch or self.chosen is not None

    @property
    def lora_rank(self) -> int:
        """0 where all weights are trained."""
        return self.adapter.lora_rank if self.chosen is not None and self.chosen.lora else 0

    @property
    def name(self) -> str:
        """What to call a run on it."""
        if self.chosen is None:
            return self.tr("new model")
        return self.chosen.path.name if self.chosen.config is None else self.chosen.path.stem

    def settings(self) -> dict[str, Any]:
        """The choice as settings of a run."""
        facts = self.chosen
        if facts is None:
            return self.new_model.settings()
        found = {"data.image_size": facts.image_size, "data.channels": facts.channels}
        return {
            "model.source": str(facts.path),
            "model.config": "" if facts.config is None else str(facts.config),
            "model.lora_rank": self.lora_rank,
            **{key: value for key, value in found.items() if value is not None},
        }

    def choose(self, source: Path, config: Path | None = None) -> None:
        """Take the model in `source`, or say why it cannot be taken. `config`: for a single file, as for the engine."""
        self._source, self.facts, self.problem = source, None, ""
        self.config_needed = config is not None
        try:
            self.facts = read_model_folder(source, config)
        except ConfigNeededError as error:
            self.problem, self.config_needed = str(error), True  # for the command line; see _about_config
        except UserError as error:
            self.problem = str(error)
        self.existing.setChecked(True)
        self.source_row.show_path(source)
        self.config_row.show_path(config or (self.facts.config if self.facts is not None else None))
        self._edited()

    def ask(self) -> None:
        """Let the person pick a folder."""
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of a diffusers model"), self._start())
        if chosen:
            self.choose(Path(chosen))

    def ask_for_file(self) -> None:
        """Let the person pick a single file."""
        title, kinds = self.tr("Checkpoint in one file"), self.tr("Checkpoints (*.safetensors);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self, title, self._start(), kinds)
        if chosen:
            self.choose(Path(chosen))

    def ask_for_config(self) -> None:
        """Let the person pick the folder that has what a single file lacks."""
        title = self.tr("Folder with the configuration and tokenizers of this kind of model")
        chosen = QFileDialog.getExistingDirectory(self, title, self._start())
        if chosen and self._source is not None:
            self.choose(self._source, Path(chosen))

    def _start(self) -> str:
        return str(self._source.parent if self._source is not None else Path.home())

    def _restore(self) -> None:
        settings = QSettings()
        source, config = (str(settings.value(f"{self._key}/{name}", "") or "") for name in ("folder", "config"))
        self.adapter.restore(settings, self._key)
        self.new_model.restore(settings, self._key)
        scratch = settings.value(f"{self._key}/scratch", "false") in (True, "true")
        if source and Path(source).exists():
            self.choose(Path(source), Path(config) if config else None)
        self.scratch.setChecked(scratch)

    def _remember(self) -> None:
        settings = QSettings()
        if self.facts is not None:
            settings.setValue(f"{self._key}/folder", str(self.facts.path))
            settings.setValue(f"{self._key}/config", str(self.facts.config or ""))
        settings.setValue(f"{self._key}/scratch", "true" if self.from_scratch else "false")
        self.adapter.remember(settings, self._key)
        self.new_model.remember(settings, self._key)

    def _edited(self) -> None:
        self._refresh()
        self._remember()
        self.changed.emit()

    def _refresh(self) -> None:
        single = self.config_needed or (self.facts is not None and self.facts.config is not None)
        self.source_row.setVisible(not self.from_scratch)
        self.config_row.setVisible(not self.from_scratch and single)
        self.adapter.setVisible(self.chosen is not None and self.chosen.lora)
        self.new_model.setVisible(self.from_scratch)
        self._layout.removeWidget(self.note)  # it goes under the choice that it is about
        below = self.new_model if self.from_scratch else self.config_row
        self._layout.insertWidget(self._layout.indexOf(below) + 1, self.note)
        words, role = self._note()
        self.note.setText(words)
        set_role(self.note, role)

    def _note(self) -> tuple[str, str]:
        """What there is to say about the choice, and the role of the label that says it."""
        if self.from_scratch:
            return self.tr(
                "It learns to make images like the unlabeled ones, and none like the sensitive ones."
            ), "small"
        if self.config_needed and self.facts is None and not self.config_row.chosen:
            return self._about_config(), "warning"
        if self.problem:
            return self.problem, "danger"
        if self.facts is not None:
            return summary(self.facts), "small"
        return self.tr("A diffusers folder, or a Stable Diffusion checkpoint in one file."), "small"

    def _about_config(self) -> str:
        return self.tr(
            "A single file has no tokenizer and no configuration. Choose a diffusers folder of the same kind of model "
            "that has them; its weights are not needed."
        )
