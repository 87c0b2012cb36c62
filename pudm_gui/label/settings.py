"""How the person likes the Label page, kept between sessions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from PySide6.QtCore import QSettings

from pudm_gui.label.grid.view import USUAL
from pudm_gui.label.veil import Cover, Strength, Veil

GROUP = "label"
PAUSES = (0, 15, 30, 45, 60, 90)
"""Minutes after which a pause can be proposed."""


@dataclass(slots=True)
class LabelSettings:
    """One field a setting; all plain numbers and truths, so that any settings file can hold them."""

    tile: int = USUAL
    blur: bool = True
    strength: int = int(Strength.MEDIUM)
    grey: bool = False
    small: bool = False
    """Whether covered pictures are painted small."""
    suspected: bool = True
    """Whether suggested images are covered until they are labeled."""
    count_seen: bool = False
    """Whether to count the pictures that were shown without a cover."""
    pause_after: int = 0
    """Minutes until a pause is proposed; 0 for never."""
    advance: bool = False
    """Whether to go on to another image after labeling one."""
    skip_labeled: bool = False
    """Whether that is the next unlabeled one, rather than the next."""
    close_up: bool = True
    encoder: str = ""
    """Id of the encoder whose features find more images; "" for the first that has looked at them."""

    @property
    def veil(self) -> Veil:
        """How covered pictures look."""
        blurs = self.blur or not self.grey  # where nothing is veiled, blur is what will be wanted first
        return Veil(Strength(self.strength) if blurs else Strength.NONE, self.grey)

    @property
    def cover(self) -> Cover:
        """Which pictures are covered."""
        return Cover(self.blur or self.grey, self.small, self.suspected)

    @classmethod
    def load(cls) -> LabelSettings:
        """What was saved last; a value that makes no sense is passed over."""
        stored = QSettings()
        found = cls()
        for field in fields(cls):
            default = getattr(found, field.name)
            value = stored.value(f"{GROUP}/{field.name}", default, type(default))
            setattr(found, field.name, value)
        if found.strength not in (Strength.LIGHT, Strength.MEDIUM, Strength.STRONG):
            found.strength = int(Strength.MEDIUM)
        if found.pause_after not in PAUSES:
            found.pause_after = 0
        return found

    def save(self) -> None:
        stored = QSettings()
        for name, value in asdict(self).items():
            stored.setValue(f"{GROUP}/{name}", value)
