"""The chips of the filter bar: one for each label with its count, and one for each further condition."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from pudm_gui.label.filter.conditions import Condition
from pudm_gui.label.filter.flow import Flow
from pudm_gui.label.filter.phrases import condition_name
from pudm_gui.project.model import Counts
from pudm_gui.widgets.pill import Pill
from pudm_gui.widgets.plain_text import tip
from pudm_gui.widgets.removable_chip import RemovableChip

RARE = ("unreadable", "changed")
"""Chips that are only there when they have something to show."""


class ShowChips(Flow):
    """All, unlabeled, sensitive, normal, and where there are any, unreadable and changed. One of them is chosen.

    Signals
    -------
    chosen
        The name of a chip: a `Show`, or "changed".
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(1, parent)
        self.chips: dict[str, Pill] = {
            "all": Pill(self.tr("All"), 0),
            "unlabeled": Pill(self.tr("Unlabeled"), 0),
            "sensitive": Pill(self.tr("Sensitive"), 0, icon_name="sensitive"),
            "normal": Pill(self.tr("Normal"), 0, icon_name="normal"),
            "unreadable": Pill(self.tr("Unreadable"), 0, icon_name="warning"),
            "changed": Pill(self.tr("Changed"), 0, icon_name="changed"),
        }
        self.chips["changed"].setToolTip(self.tr("Files with another content than when they were labeled"))
        group = QButtonGroup(self)
        for name, chip in self.chips.items():
            group.addButton(chip)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the images
            chip.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
        self.choose("all")

    def show_counts(self, counts: Counts) -> None:
        numbers = {
            "all": counts.total,
            "unlabeled": counts.unlabeled,
            "sensitive": counts.sensitive,
            "normal": counts.normal,
            "unreadable": counts.unreadable,
            "changed": counts.changed,
        }
        for name, chip in self.chips.items():
            chip.set_count(numbers[name])
        self._offer()

    def choose(self, name: str) -> None:
        """Check a chip without telling."""
        self.chips[name].setChecked(True)
        self._offer()

    def _offer(self) -> None:
        self.set_items(
            [chip for name, chip in self.chips.items() if name not in RARE or chip.count or chip.isChecked()]
        )


class ConditionChip(RemovableChip):
    """A condition; a click or Delete takes it away."""

    def __init__(self, condition: Condition, parent: QWidget | None = None) -> None:
        name = condition_name(condition)
        super().__init__(name, "search" if condition.kind == "listing" else None, parent)
        self.condition = condition
        self.setAccessibleName(self.tr("Take away: {name}").format(name=name))
        self.setToolTip(tip(self.tr("{name}\nClick to take it away").format(name=name)))


class ConditionChips(Flow):
    """A chip for each condition, in two rows at most.

    Signals
    -------
    dropped
        A `Condition` that is to go.
    """

    dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(2, parent)
        self._chips: dict[Condition, ConditionChip] = {}

    @property
    def chips(self) -> list[ConditionChip]:
        return list(self._chips.values())

    def show_conditions(self, wanted: list[Condition]) -> None:
        """One chip for each of `wanted`, in their order."""
        gone = [condition for condition in self._chips if condition not in wanted]
        for condition in gone:
            self._chips.pop(condition).deleteLater()
        chips = {condition: self._chips.get(condition) or self._made(condition) for condition in wanted}
        self._chips = chips
        self.set_items(list(chips.values()))

    def _made(self, condition: Condition) -> ConditionChip:
        chip = ConditionChip(condition, self)
        chip.clicked.connect(lambda: self.dropped.emit(condition))
        return chip
