"""Which encoder looks at the images: the one that comes along, the base model's own, or one from a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QRadioButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.base_model import chosen_base_model
from pudm_gui.label.suggest.section import button
from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.session import Session
from pudm_gui.widgets.parts import note
from pudm_gui.widgets.plain_text import tip


@dataclass(frozen=True, slots=True)
class Encoder:
    """One that can be chosen."""

    kind: str
    """As `features_job` knows it."""
    title: str
    help: str = ""
    folder: Path | None = None
    encoder: str = ""
    """Id of its features, where it has looked at images already."""

    @property
    def key(self) -> str:
        return self.encoder or self.kind


class EncoderChoice(QWidget):
    """One button for each encoder, those first that have looked at the images.

    Signals
    -------
    changed
        Another one is wanted.
    """

    changed = Signal()

    def __init__(self, session: Session, source: FeatureSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._source = session, source
        self._folder: Path | None = None
        self._key = ""
        self.buttons: dict[str, QRadioButton] = {}
        self._offered: list[Encoder] = []
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        layout.addWidget(note(self.tr("How images are compared:")))
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.SPACE_XS)
        layout.addLayout(self._list)
        self.folder_button = button(
            self.tr("An encoder from a folder…"),
            self.tr("A folder of an image encoder in the format of transformers or timm, with safetensors weights"),
        )
        self.folder_button.clicked.connect(self.ask_for_folder)
        layout.addWidget(self.folder_button)
        source.changed.connect(self.refresh)
        self.refresh()

    @property
    def wanted(self) -> Encoder:
        """The one that is chosen."""
        return next((one for one in self._offered if one.key == self._key), self._offered[0])

    def refresh(self) -> None:
        """Other encoders have looked at the images, or another one is used."""
        if self._source.ready and self._source.encoder:
            self._key = self._source.encoder
        offered = self._offers()
        if offered != self._offered:
            self._offered = offered
            self._fill()
        for key, made in self.buttons.items():
            made.setChecked(key == self.wanted.key)

    def choose(self, key: str) -> None:
        """Use the features of this encoder; where it has none, the images can be looked at with it."""
        self._key = key
        self._source.choose(key)
        self.changed.emit()

    def ask_for_folder(self) -> None:
        """Let the person pick the folder of an encoder."""
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of an image encoder"), str(Path.home()))
        if chosen:
            self.take_folder(Path(chosen))

    def take_folder(self, folder: Path) -> None:
        """Offer the encoder in `folder`, and choose it."""
        self._folder = folder
        self._key = "folder"
        self.refresh()
        self.choose("folder")

    def _offers(self) -> list[Encoder]:
        known = [
            Encoder(one.encoder.partition("-")[0], one.name, self.tr("Has looked at images"), encoder=one.encoder)
            for one in self._source.known
        ]
        new = [
            Encoder(
                "imagenet",
                self.tr("By what is in the picture"),
                self.tr("An encoder that knows a thousand kinds of things (ImageNet); it comes with the program"),
            )
        ]
        if (base := chosen_base_model(self._session.project.path)) is not None:
            help_text = self.tr("By what the network of the model that you sanitize sees in an image; slower")
            new.append(Encoder("base", self.tr("As the base model sees it"), help_text, folder=base))
        if self._folder is not None:
            new.append(Encoder("folder", self._folder.name, str(self._folder), folder=self._folder))
        taken = {one.key for one in known} | {one.model for one in self._source.known if one.model}
        return known + [one for one in new if one.key not in taken and str(one.folder) not in taken]

    def _fill(self) -> None:
        for made in self.buttons.values():
            self._group.removeButton(made)
            self._list.removeWidget(made)
            made.deleteLater()
        self.buttons = {}
        for one in self._offered:
            made = QRadioButton(one.title)
            made.setToolTip(tip(one.help))
            made.clicked.connect(lambda _=False, key=one.key: self.choose(key))
            self._group.addButton(made)
            self._list.addWidget(made)
            self.buttons[one.key] = made
