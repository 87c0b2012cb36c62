"""The one filter behind chips, form and text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from pudm_gui.label.filter.conditions import EMPTY, Condition, conditions, empty, merged, only, without
from pudm_gui.label.filter.query import QueryError, parse, write
from pudm_gui.label.filter.words import plain
from pudm_gui.project.model import ImageFilter, Listing


class FilterState(QObject):
    """What is asked for: conditions that stand in chips, and on top of them what is being typed.

    What is typed counts at once where it is understood; otherwise what was understood last goes on to hold, and
    `problem` tells why. `commit` makes chips of the typed conditions and leaves the plain words.

    Signals
    -------
    changed
        The filter, its parts or the problem.
    text_changed
        The text is another one than was typed.
    """

    changed = Signal()
    text_changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._base = EMPTY
        self._typed = EMPTY
        self._before: ImageFilter | None = None
        """What was shown before the listing."""
        self.text = ""
        self.problem: QueryError | None = None

    @property
    def filter(self) -> ImageFilter:
        return merged(self._base, self._typed)

    @property
    def chips(self) -> list[Condition]:
        """The conditions that do not stand in the text."""
        return conditions(self._base)

    def type(self, text: str) -> None:
        """Take what the person has typed."""
        self.text = text
        try:
            self._typed = parse(text)
            self.problem = None
        except QueryError as error:
            self.problem = error
        self.changed.emit()

    def commit(self) -> bool:
        """Make chips of the typed conditions; false where the text is not understood."""
        self._fold()
        self.changed.emit()
        return self.problem is None

    def change(self, **fields: Any) -> None:
        """Replace fields of the filter."""
        self._fold()
        self._base = replace(self._base, **fields)
        self.changed.emit()

    def drop(self, condition: Condition) -> None:
        """Take one chip away."""
        self._fold()
        if condition.kind == "listing":
            self._leave_listing()
        else:
            self._base = without(self._base, condition)
        self.changed.emit()

    def show(self, filter_: ImageFilter) -> None:
        """Put another filter in the place of this one."""
        self._before = None
        self._set(filter_)
        self.changed.emit()

    def show_listing(self, listing: Listing | None) -> None:
        """Show a listing alone, best first; None goes back to what was shown before it."""
        shown = self._base.within
        if listing is None:
            self._leave_listing()
        elif listing.continues(shown):
            self._base = replace(self._base, within=listing)
        else:
            if shown is None:
                self._before = self.filter
            self._set(ImageFilter(within=listing))
        self.changed.emit()

    def spell_out(self) -> None:
        """Bring all that can be said in text into the text."""
        self._write(write(self.filter))
        self._base = ImageFilter(within=self._base.within)
        self._typed, self.problem = parse(self.text), None
        self.changed.emit()

    def take_back(self) -> None:
        """Bring the last chip back into the text, to edit it."""
        if not self.chips:
            return
        last = self.chips[-1]
        if last.kind == "listing":
            self.drop(last)
            return
        written = f"{write(only(self._base, last))} {self.text}".rstrip()
        self._base = without(self._base, last)
        self._write(written)
        self.type(written)

    def _fold(self) -> None:
        """Typed conditions become chips. A text that is not understood stays, to be mended."""
        self._base = merged(self._base, replace(self._typed, text=""))
        self._typed = ImageFilter(text=self._typed.text)
        if self.problem is None:
            self._write(plain(self._typed.text) if self._typed.text else "")

    def _set(self, filter_: ImageFilter) -> None:
        self._base, self._typed, self.problem = replace(filter_, text=""), ImageFilter(text=filter_.text), None
        self._write(plain(filter_.text) if filter_.text else "")

    def _leave_listing(self) -> None:
        alone = empty(replace(self.filter, within=None))
        before, self._before = self._before, None
        if alone and before is not None:
            self._set(before)
        else:
            self._base = replace(self._base, within=None)

    def _write(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.text_changed.emit(text)
