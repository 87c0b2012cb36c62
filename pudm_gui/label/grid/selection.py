"""Which tiles are chosen, and which one the keyboard stands on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pudm_gui.label.grid.ranges import RangeSet


@dataclass(frozen=True, slots=True)
class Selection:
    """Chosen positions, the tile of the keyboard (`current`) and the fixed end of a Shift range (`anchor`).

    Every method returns a new selection; `former` is the last chosen set that a plain click or a move threw away, so
    that it can be brought back.
    """

    chosen: RangeSet = field(default_factory=RangeSet)
    current: int | None = None
    anchor: int | None = None
    former: RangeSet = field(default_factory=RangeSet)

    def only(self, index: int) -> Selection:
        """A plain click or arrow key."""
        return self._choosing(RangeSet([(index, index + 1)]), index, index)

    def toggled(self, index: int) -> Selection:
        """A click with Ctrl."""
        return replace(self, chosen=self.chosen ^ RangeSet([(index, index + 1)]), current=index, anchor=index)

    def extended(self, index: int, *, keep: bool = False) -> Selection:
        """A click or arrow key with Shift: all from the anchor to `index`; `keep` adds them to what is chosen."""
        anchor = index if self.anchor is None else self.anchor
        reach = RangeSet([(min(anchor, index), max(anchor, index) + 1)])
        return replace(self, chosen=self.chosen | reach if keep else reach, current=index, anchor=anchor)

    def replaced(self, chosen: RangeSet) -> Selection:
        """Another set, such as from a rubber band or Ctrl+A."""
        current = chosen.first() if chosen and (self.current is None or self.current not in chosen) else self.current
        anchor = current if self.anchor is None else self.anchor
        return self._choosing(chosen, current, anchor)

    def cleared(self) -> Selection:
        return self._choosing(RangeSet(), self.current, self.current)

    def restored(self) -> Selection:
        """Bring back what was thrown away last; doing it twice swaps back."""
        if not self.former:
            return self
        return replace(self, chosen=self.former, former=self.chosen, current=self.former.first())

    def _choosing(self, chosen: RangeSet, current: int | None, anchor: int | None) -> Selection:
        # Stepping on from a single tile is no loss that anybody would want back.
        lost = len(self.chosen) > 1 and chosen != self.chosen
        return Selection(chosen, current, anchor, self.chosen if lost else self.former)
