"""From a key or a click to labels: which images are meant, and where to go afterwards."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from pudm_gui.label.actions import LabelActions
from pudm_gui.label.grid.view import GridView
from pudm_gui.label.hint_line import HintLine
from pudm_gui.label.settings import LabelSettings
from pudm_gui.project.model import Change, Label, Source


class Labeling(QObject):
    """Labels what is chosen in the grid, or the one image that is looked at closely."""

    def __init__(
        self,
        view: GridView,
        actions: LabelActions,
        hints: HintLine,
        settings: LabelSettings,
        looking: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._actions, self._hints, self._settings, self._looking = view, actions, hints, settings, looking
        actions.done.connect(hints.tell)
        actions.replayed.connect(self._show)

    @property
    def source(self) -> Source:
        """Where labels that are given now come from: the list that is shown knows."""
        listing = self._view.model.shown.within
        return "hand" if listing is None else listing.source

    def mark(self, label: Label) -> None:
        """Label what is chosen, or the image that fills the page."""
        index = self._view.selection.current
        if self._looking() and index is not None:
            self._mark_one(index, label)
        elif len(self._view.selection.chosen) == 1:
            self._mark_one(self._view.selection.chosen.first(), label)
        elif self._view.selection.chosen:
            self._actions.mark(self._view.chosen_ids(), label, self.source)
        else:
            self._hints.tell(self.tr("Choose an image first, with a click or the arrow keys"))

    def mark_shown(self, label: Label) -> None:
        """Label the image in the close-up, whatever else is chosen."""
        if (index := self._view.selection.current) is not None:
            self._actions.mark(self._view.model.ids[index : index + 1], label, self.source)

    def toggle(self, index: int, label: Label) -> None:
        """A small button on a tile: give the label, or take the same one away."""
        given = Label.UNLABELED if self._view.model.label(index) == label else label
        self._actions.mark(self._view.model.ids[index : index + 1], given, self.source)

    def jump(self, *, backwards: bool = False) -> None:
        """Go to the next unlabeled image, or the one before; at the end of the list, on from the other end."""
        view, model = self._view, self._view.model
        index = model.next_unlabeled(view.selection.current, backwards=backwards)
        if index is None:
            index = model.next_unlabeled(None, backwards=backwards)
            if index is None:
                self._hints.tell(self.tr("Every image in this list is labeled"))
                return
            self._hints.tell(self.tr("On from the end") if backwards else self.tr("On from the beginning"))
        view.go_to(index)

    def _mark_one(self, index: int, label: Label) -> None:
        self._actions.mark(self._view.model.ids[index : index + 1], label, self.source)
        if self._settings.advance and label != Label.UNLABELED:
            self._go_on(index)

    def _go_on(self, index: int) -> None:
        if self._settings.skip_labeled:
            following = self._view.model.next_unlabeled(index)
        else:
            following = index + 1 if index + 1 < len(self._view.model) else None
        if following is not None:
            self._view.go_to(following)

    def _show(self, change: Change) -> None:
        """Choose what was undone or redone, and scroll there where none of it is in sight."""
        places = self._view.model.ranges_of(change.ids)
        if not places:
            self._hints.tell(self.tr("{what} (not in this list)").format(what=self._hints.note.full_text))
            return
        self._view.select(self._view.selection.replaced(places))
        if not places & self._view.sight.range():
            self._view.sight.show(places.first())
