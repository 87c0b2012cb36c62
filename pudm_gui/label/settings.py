"""How the person likes the Label page, kept between sessions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from PySide6.QtCore import QSettings

from pudm_gui.label.grid.view import USUAL
from pudm_gui.label.veil import Strength, Veil

GROUP = "label"


@dataclass(slots=True)
class LabelSettings:
    """One field a setting; all plain numbers and truths, so that any settings file can hold them."""

    tile: int = USUAL
    blur: bool = True
    strength: int = int(Strength.MEDIUM)
    grey: bool = False
    advance: bool = False
    """Whether to go on to another image after labeling one."""
    skip_labeled: bool = False
    """Whether that is the next unlabeled one, rather than the next."""
    close_up: bool = True
    encoder: str = ""
    """Id of the encoder whose features find more images; "" for the first that has looked at them."""

    @property
    def veil(self) -> Veil:
        return Veil(Strength(self.strength), self.grey)

    @classmethod
    def load(cls) -> LabelSettings:
        """What was saved last; a value that makes no sense is passed over."""
        stored = QSettings()
        found = cls()
        for field in fields(cls):
            default = getattr(found, field.name)
            value = stored.value(f"{GROUP}/{field.name}", default, type(default))
            setattr(found, field.name, value)
        if found.strength not in list(Strength):
            found.strength = int(Strength.MEDIUM)
        return found

    def save(self) -> None:
        stored = QSettings()
        for name, value in asdict(self).items():
            stored.setValue(f"{GROUP}/{name}", value)
