"""From a number key, a click or a typed word to tags: which images are meant, and what the editor shows of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from pudm_gui.label.actions import LabelActions
from pudm_gui.label.grid.view import GridView
from pudm_gui.label.hint_line import HintLine
from pudm_gui.label.tags.editor import TagEditor
from pudm_gui.label.tags.stock import NUMBERS, TagStock
from pudm_gui.project.facets import tag_shares
from pudm_gui.project.model import Ids, Label
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread

PAUSE_MS = 60
"""The tags of a selection are asked for when it has not changed for so long."""


class Tagging(QObject):
    """Tags what is chosen in the grid, or the one image that is looked at; keeps the editor in line with it."""

    def __init__(
        self,
        session: Session,
        view: GridView,
        actions: LabelActions,
        editor: TagEditor,
        stock: TagStock,
        hints: HintLine,
        looking: Callable[[], bool],
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._session, self._view, self._actions, self._hints = session, view, actions, hints
        self._editor, self._stock, self._looking = editor, stock, looking
        self._shares: dict[str, int] | None = None
        """Of the selection; None while it is not known."""
        self._query = 0
        self._asking = self._closed = False
        self._thread = OffThread(self, threads=1)
        self._later = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._later.timeout.connect(self._ask)
        editor.retagged.connect(self._retag)
        for number in range(1, NUMBERS + 1):
            shortcut = QShortcut(QKeySequence(str(number)), page)
            shortcut.activated.connect(lambda number=number: self.press(number))

    @property
    def busy(self) -> bool:
        return self._asking or self._later.isActive() or self._stock.busy

    def can_tag(self) -> bool:
        """Whether an image is chosen that may be tagged; otherwise it is said what to do."""
        if self._session.read_only:
            self._actions.tag(self._meant())  # says why it cannot
            return False
        if not len(ids := self._meant()):
            self._hints.tell(self.tr("Choose an image first, with a click or the arrow keys"))
            return False
        model = self._view.model
        if len(ids) == 1 and model.label(int(model.places(ids)[0])) == Label.NORMAL and not self._tags_of_one():
            self._hints.tell(self.tr("Tags say which kind of sensitive image it is, and this one is marked normal"))
            return False
        return True

    def press(self, number: int) -> None:
        """A number key: its tag goes on what is chosen, or off where all have it."""
        tag = self._stock.tag_of(number)
        if tag is None:
            self._hints.tell(self.tr("No tag has the number {n} yet; type one with T").format(n=number))
        elif not len(ids := self._meant()):
            self._hints.tell(self.tr("Choose an image first, with a click or the arrow keys"))
        else:
            on_all = (self._shares or {}).get(tag) == len(ids) if len(ids) > 1 else tag in self._tags_of_one()
            self._tag(ids, *(([], [tag]) if on_all else ([tag], [])))

    def show(self) -> None:
        """The selection, its labels or its tags may be other ones: show them."""
        ids = self._meant()
        many = len(ids) > 1
        self._query += 1
        if many:
            self._shares = None
            self._later.start()
            return
        self._later.stop()
        self._asking = False
        index = self._view.selection.current
        if index is not None and index < len(self._view.model):
            unlabeled = self._view.model.label(index) == Label.UNLABELED
            self._editor.show_tags(dict.fromkeys(self._tags_of_one(), 1), 1, unlabeled=unlabeled)

    @property
    def several(self) -> bool:
        """Whether the editor speaks of more than the image in the close-up."""
        return len(self._meant()) > 1

    def close(self) -> None:
        """Wait for the thread: the project is about to be closed."""
        self._closed = True
        self._later.stop()
        self._stock.close()
        self._thread.cancel_waiting()
        self._thread.wait()

    def _meant(self) -> Ids:
        """As for labels: the image that fills the page, or what is chosen; in the panel, the image that it shows."""
        model, selection = self._view.model, self._view.selection
        if not self._looking() and selection.chosen:
            return self._view.chosen_ids()
        index = selection.current
        return model.ids[:0] if index is None else model.ids[index : index + 1]

    def _tags_of_one(self) -> tuple[str, ...]:
        ids = self._meant()
        index = self._view.model.place(int(ids[0])) if len(ids) == 1 else self._view.selection.current
        return self._view.model.row(index).tags if index is not None and index < len(self._view.model) else ()

    def _retag(self, added: list[str], removed: list[str]) -> None:
        if len(ids := self._meant()):
            self._tag(ids, added, removed)

    def _tag(self, ids: Ids, added: list[str], removed: list[str]) -> None:
        listing = self._view.model.shown.within
        self._actions.tag(ids, added, removed, "hand" if listing is None else listing.source)

    def _ask(self) -> None:
        ids, number, project = self._meant(), self._query, self._session.project
        if self._closed or len(ids) < 2:
            return
        self._asking = True
        self._thread.cancel_waiting()
        labels, chosen = self._view.model.labels, self._view.selection.chosen

        def ask() -> tuple[dict[str, int], bool]:
            unlabeled = any(np.any(labels[start:stop] == Label.UNLABELED) for start, stop in chosen.ranges)
            return tag_shares(project, ids), unlabeled

        def answered(found: tuple[dict[str, int], bool]) -> None:
            if number == self._query and not self._closed:
                self._asking = False
                self._shares, unlabeled = found
                self._editor.show_tags(self._shares, len(ids), unlabeled=unlabeled)

        self._thread.submit(ask, answered, failed=self._failed)

    def _failed(self) -> None:
        self._asking = False
