"""What the person can do to labels. Each action is on the disk when it returns, then tells what it did."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QLocale, QObject, Signal

from pudm_gui.project import labels
from pudm_gui.project.history import history
from pudm_gui.project.model import Change, HistoryEntry, Ids, Label, Source
from pudm_gui.project.tags import set_tags
from pudm_gui.session import Session
from training.errors import UserError

LOOK_BACK = 100
"""Entries of the history in which the one to be undone is looked for, to name it."""


class LabelActions(QObject):
    """Marks images, takes marks back, and does them again.

    Signals
    -------
    done
        A sentence about what was done.
    """

    done = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session

    def mark(self, ids: Ids, label: Label, source: Source = "hand") -> Change | None:
        """Give images a label; None where nothing changed, or nothing may change."""
        return self._do(
            lambda: labels.set_label(self._session.project, ids, label, source),
            lambda change: self._marked(change.count, label),
        )

    def undo(self) -> Change | None:
        """Take back the last action."""
        if not self._may_change():
            return None
        target = self._next_undone()
        change = self._do(
            lambda: labels.undo(self._session.project),
            lambda change: self.tr("Undid: {what}").format(what=self._words(target, change)),
        )
        if change is None:
            self.done.emit(self.tr("Nothing to undo"))
        return change

    def redo(self) -> Change | None:
        """Do again what was taken back last."""
        if not self._may_change():
            return None
        change = self._do(
            lambda: labels.redo(self._session.project),
            lambda change: self.tr("Did again: {what}").format(what=self._words(None, change)),
        )
        if change is None:
            self.done.emit(self.tr("Nothing to do again"))
        return change

    def tag(self, image_id: int, tags: list[str]) -> bool:
        """Replace the tags of an image; whether that worked."""
        try:
            set_tags(self._session.project, image_id, tags)
        except UserError as error:
            self._session.message.emit(str(error), "error")
            return False
        return True

    def _may_change(self) -> bool:
        if not self._session.read_only:
            return True
        self._session.message.emit(
            self.tr("Another window has this project open, so labels cannot be changed here; close it there first."),
            "warning",
        )
        return False

    def _do(self, action: Callable[[], Change | None], words: Callable[[Change], str]) -> Change | None:
        if not self._may_change():
            return None
        try:
            change = action()
        except UserError as error:
            self._session.message.emit(str(error), "error")
            return None
        if change is not None:
            self._session.labels_changed.emit(change)
            self.done.emit(words(change))
        return change

    def _next_undone(self) -> HistoryEntry | None:
        entries = history(self._session.project, LOOK_BACK)
        return next((entry for entry in entries if entry.kind in ("label", "import") and not entry.undone), None)

    def _words(self, entry: HistoryEntry | None, change: Change) -> str:
        if entry is not None and entry.kind == "import":
            return self.tr("{images} labeled from a file").format(images=self.images(change.count))
        label = entry.label if entry is not None else change.label
        if label is None:
            return self.tr("{images} labeled").format(images=self.images(change.count))
        return self._marked(change.count, label)

    def _marked(self, count: int, label: Label) -> str:
        words = {
            Label.SENSITIVE: self.tr("{images} marked sensitive"),
            Label.NORMAL: self.tr("{images} marked normal"),
            Label.UNLABELED: self.tr("{images} cleared of their label")
            if count != 1
            else self.tr("{images} cleared of its label"),
        }
        return words[label].format(images=self.images(count))

    def images(self, count: int) -> str:
        """Such as "1 image" or "2,100 images"."""
        return self.tr("1 image") if count == 1 else self.tr("{n} images").format(n=QLocale().toString(count))
