"""What the person can do to labels and tags. Each action is on the disk before anything shows it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal

from pudm_gui.label.action_words import ActionWords
from pudm_gui.label.in_order import InOrder
from pudm_gui.memory import give_back
from pudm_gui.project import labels, reverting
from pudm_gui.project.history import entry, next_redone, next_undone
from pudm_gui.project.kinds import tag_as_sensitive
from pudm_gui.project.model import Change, HistoryEntry, Ids, Label, Source
from pudm_gui.project.project import Project
from pudm_gui.session import Session
from training.errors import UserError

logger = logging.getLogger(__name__)

MANY = 50_000
"""Actions on more images than this need so much memory for a moment that it is worth giving back."""

Done = tuple[HistoryEntry | None, Change | None]
"""The action of the history that was meant, where there is one, and what changed."""


class LabelActions(QObject):
    """Labels and tags images, takes that back, and does it again.

    What takes a moment is done when a method returns. Actions on very many images go on while the window does, and
    whatever is asked for meanwhile is done after them, in its order.

    Signals
    -------
    done
        A sentence about what was done, or is being done.
    replayed
        A `Change` by undo, redo or revert: worth looking at.
    busy_changed
        Whether an action is under way.
    """

    done = Signal(str)
    replayed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._words = ActionWords(self)
        self._work = InOrder(self)
        self._work.busy_changed.connect(self.busy_changed)

    @property
    def busy(self) -> bool:
        """Whether an action is under way."""
        return self._work.busy

    def close(self) -> None:
        """Wait for what is under way, and tell it."""
        self._work.close()

    def mark(self, ids: Ids, label: Label, source: Source = "hand") -> None:
        """Give images a label."""
        self._do(
            lambda project: (None, labels.set_label(project, ids, label, source)),
            lambda _, change: self._words.marked(change.count, label),
            doing=self._words.marking(len(ids), label),
        )

    def tag(self, ids: Ids, added: Iterable[str] = (), removed: Iterable[str] = (), source: Source = "hand") -> None:
        """Put tags on images and take others off.

        A tag says which kind of sensitive image it is: unlabeled images become sensitive by it, in the same action.
        Images that are marked normal stay as they are.
        """
        added, removed = tuple(added), tuple(removed)
        signed = [f"+{tag}" for tag in added] + [f"-{tag}" for tag in removed]
        normal: list[int] = []

        def carry_out(project: Project) -> Done:
            change, passed_over = tag_as_sensitive(project, ids, added=added, removed=removed, source=source)
            normal.append(passed_over)
            return None, change

        self._do(
            carry_out,
            lambda _, change: self._words.kind_given(change, signed, normal[0]),
            doing=self.tr("Tagging {images}…").format(images=self._words.images(len(ids))),
            nothing=self.tr("No tag was changed: the images are so already, or are marked normal"),
        )

    def undo(self) -> None:
        """Take back the last action."""
        self._do(
            lambda project: (next_undone(project), labels.undo(project)),
            lambda meant, change: self.tr("Undid: {what}").format(what=self._done(meant, change)),
            doing=self.tr("Undoing…"),
            nothing=self.tr("Nothing to undo"),
            replays=True,
        )

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._do(
            lambda project: (next_redone(project), labels.redo(project)),
            lambda meant, change: self.tr("Did again: {what}").format(what=self._done(meant, change)),
            doing=self.tr("Doing again…"),
            nothing=self.tr("Nothing to do again"),
            replays=True,
        )

    def revert(self, action_id: int) -> None:
        """Take back one action of the history, whatever came after it; of a revert, bring back what it took."""
        self._do(
            lambda project: (entry(project, action_id), reverting.revert(project, action_id)),
            self._reverted,
            doing=self.tr("Reverting…"),
            nothing=self.tr("Nothing to revert: its images were labeled anew since, or it is taken back already"),
            replays=True,
        )

    def _do(
        self,
        action: Callable[[Project], Done],
        words: Callable[[HistoryEntry | None, Change], str],
        *,
        doing: str = "",
        nothing: str = "",
        replays: bool = False,
    ) -> None:
        if not self._may_change():
            return
        project = self._session.project

        def carry_out() -> Done:
            outcome = action(project)
            if outcome[1] is not None and outcome[1].count > MANY:
                give_back()
            return outcome

        def tell(outcome: Done) -> None:
            meant, change = outcome
            if change is None:
                if nothing:
                    self.done.emit(nothing)
                return
            self._session.labels_changed.emit(change)
            self.done.emit(words(meant, change))
            if replays:
                self.replayed.emit(change)

        if not self._work.run(carry_out, tell, self._failed) and doing:
            self.done.emit(doing)

    def _may_change(self) -> bool:
        if not self._session.read_only:
            return True
        self._session.message.emit(
            self.tr("Another window has this project open, so labels cannot be changed here; close it there first."),
            "warning",
        )
        return False

    def _failed(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self._session.message.emit(str(error), "error")
            return
        logger.error("An action on labels failed", exc_info=error)
        words = self.tr("This could not be done, and nothing was changed: {reason}").format(reason=error)
        self._session.message.emit(words, "error")

    def _reverted(self, meant: HistoryEntry | None, change: Change) -> str:
        if meant is not None and meant.kind == "revert":
            return self.tr("Brought back: {what}").format(what=self._words.aimed_at(meant, change.count))
        if meant is None or change.count == meant.count:
            return self.tr("Reverted: {what}").format(what=self._done(meant, change))
        return self.tr("Reverted: {what} ({n} of them; the others were labeled anew since)").format(
            what=self._words.done(meant, meant.count), n=change.count
        )

    def _done(self, meant: HistoryEntry | None, change: Change) -> str:
        if meant is None:
            return self._words.marked(change.count, change.label)
        return self._words.done(meant, change.count)
