"""What stays when the grid gets another list: the selection, and the place of the keyboard."""

from __future__ import annotations

from dataclasses import dataclass

from pudm_gui.label.grid.model import GridModel
from pudm_gui.label.grid.ranges import RangeSet
from pudm_gui.label.grid.selection import Selection
from pudm_gui.label.grid.sight import Landmark
from pudm_gui.project.model import Ids


@dataclass(frozen=True, slots=True)
class Kept:
    """Noted by id before the list goes."""

    chosen: Ids
    onwards: Ids
    """From the place of the keyboard to the end."""
    landmark: Landmark | None
    """What is in sight."""

    @classmethod
    def of(cls, model: GridModel, selection: Selection, landmark: Landmark | None) -> Kept:
        current = selection.current
        onwards = model.ids[:0] if current is None else model.ids[current:]
        return cls(selection.chosen.take(model.ids), onwards, landmark)

    def selection_in(self, model: GridModel, *, other_filter: bool) -> Selection:
        """The same selection in the new list."""
        chosen = model.ranges_of(self.chosen) if len(self.chosen) else RangeSet()
        places = model.places(self.onwards[:1] if other_filter else self.onwards)
        place = int(places[0]) if len(places) else None  # that of the first that is still there
        if place is None and len(self.onwards) and len(model) and not other_filter:
            place = len(model) - 1  # the arrows go on from nearby
        return Selection(chosen, place, place)
