"""What a network from scratch is to be like."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.train.field_grid import FieldGrid

SIZES = (8, 16, 32, 64, 96, 128, 256)


class NewModelForm(QWidget):
    """Network, image size and colours.

    Signals
    -------
    changed
        Another choice.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        grid = FieldGrid(theme.SPACE_XL)
        layout.addWidget(grid)
        presets = {"small": self.tr("Small"), "medium": self.tr("Medium"), "paper": self.tr("Large, as in the paper")}
        sizes = {size: f"{size} × {size}" for size in SIZES}
        colors = {3: self.tr("Colour"), 1: self.tr("Grey")}
        self.preset = grid.add_choice(self.tr("Network"), presets, "small")
        self.image_size = grid.add_choice(self.tr("Image size"), sizes, 32)
        self.channels = grid.add_choice(self.tr("Colours"), colors, 3)
        for box in self._boxes.values():
            box.currentIndexChanged.connect(self.changed)

    def settings(self) -> dict[str, Any]:
        """The choice as settings of a run."""
        return {
            "model.source": "scratch",
            "model.preset": self.preset.currentData(),
            "data.image_size": self.image_size.currentData(),
            "data.channels": self.channels.currentData(),
        }

    def remember(self, settings: QSettings, key: str) -> None:
        for name, box in self._boxes.items():
            settings.setValue(f"{key}/{name}", box.currentData())

    def restore(self, settings: QSettings, key: str) -> None:
        for name, box in self._boxes.items():
            stored = str(settings.value(f"{key}/{name}"))
            index = next((i for i in range(box.count()) if str(box.itemData(i)) == stored), -1)
            if index >= 0:
                box.setCurrentIndex(index)

    @property
    def _boxes(self) -> dict[str, Any]:
        return {"preset": self.preset, "size": self.image_size, "channels": self.channels}
