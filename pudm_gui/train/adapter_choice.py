"""Whether all of a model's weights are trained, or a small addition to them."""

from __future__ import annotations

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.train.field_grid import FieldGrid
from pudm_gui.widgets.number_box import IntegerBox

USUAL_RANK = 16
HIGHEST_RANK = 512


class AdapterChoice(QWidget):
    """All weights, or LoRA with its rank.

    Signals
    -------
    changed
        Another choice, or another rank.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._grid = FieldGrid(theme.SPACE_XL)
        layout.addWidget(self._grid)
        kinds = {False: self.tr("The whole model"), True: self.tr("A small addition (LoRA)")}
        self.kind = self._grid.add_choice(self.tr("Train"), kinds, False)
        self.rank = IntegerBox()
        self.rank.setRange(1, HIGHEST_RANK)
        self.rank.setValue(USUAL_RANK)
        self.rank.setToolTip(self.tr("How much the addition can hold. 4 to 64 is usual; more needs more memory."))
        self._grid.add(self.tr("Rank"), self.rank)
        self.words = QLabel()
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        self._grid.add_below(self.words)
        self.kind.currentIndexChanged.connect(self._edited)
        self.rank.valueChanged.connect(self._edited)
        self._refresh()

    @property
    def lora_rank(self) -> int:
        """0 where all weights are trained."""
        return self.rank.value() if self.kind.currentData() else 0

    def remember(self, settings: QSettings, key: str) -> None:
        settings.setValue(f"{key}/lora", self.lora_rank)

    def restore(self, settings: QSettings, key: str) -> None:
        stored = str(settings.value(f"{key}/lora", "0"))
        if stored.isdecimal() and int(stored) > 0:
            self.rank.setValue(int(stored))
            self.kind.setCurrentIndex(self.kind.findData(True))

    def _edited(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        lora = bool(self.kind.currentData())
        self._grid.show_row(self.rank, lora)
        self.words.setText(
            self.tr("Less memory, and a small file that loads on top of the model. It can change less.")
            if lora
            else self.tr("Changes the most, and needs the most memory.")
        )
