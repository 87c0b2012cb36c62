"""Judging suggestions by one key each: accept or reject, and on to the next one."""

from __future__ import annotations

from PySide6.QtCore import QObject

from pudm_gui.label.hint_line import HintLine
from pudm_gui.label.side import LabelContext
from pudm_gui.project.model import Label


class Judging(QObject):
    """Marks the chosen suggestions, then chooses the next one that has not been judged."""

    def __init__(self, context: LabelContext, hints: HintLine, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._hints = context, hints

    def accept(self) -> None:
        """Yes, sensitive."""
        self._judge(Label.SENSITIVE)

    def reject(self) -> None:
        """No, normal."""
        self._judge(Label.NORMAL)

    def _judge(self, label: Label) -> None:
        view, model = self._context.view, self._context.model
        listing = model.shown.within
        if listing is None or listing.source != "suggestion":
            self._hints.tell(self.tr("A and X judge suggestions; the panel “Find more” lists some"))
            return
        chosen = view.selection.chosen
        if not chosen:
            self._go_on(-1)
            return
        self._context.actions.mark(view.chosen_ids(), label, "suggestion")
        if not self._context.session.read_only:
            self._go_on(chosen.ranges[-1][1] - 1)

    def _go_on(self, index: int) -> None:
        """Choose the next image after `index` that has not been judged, or else the first one in the list."""
        view, model = self._context.view, self._context.model
        following = model.next_unlabeled(index)
        following = model.next_unlabeled(None) if following is None else following
        if following is None:
            self._hints.tell(self.tr("All of these have been judged"))
        else:
            view.go_to(following)
