"""The part of the panel about the images that are most likely sensitive."""

from __future__ import annotations

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.most_likely import MostLikely
from pudm_gui.label.suggest.section import Section, button
from pudm_gui.widgets.parts import note


class LikelySection(Section):
    """How sure the suggestions are, and the button that lists them."""

    def __init__(self, context: LabelContext, most_likely: MostLikely, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading.setText(self.tr("Most likely sensitive, still unlabeled"))
        self._context, self._most_likely = context, most_likely
        self.advice = note()
        self.show_button = button(
            self.tr("Show them"), self.tr("List them in the grid, the likeliest first"), role="primary"
        )
        self.show_button.clicked.connect(most_likely.show)
        self.current = note()
        self.judged = note()
        for widget in (self.advice, self.show_button, self.current, self.judged):
            self.body.addWidget(widget)
        most_likely.changed.connect(self.refresh)
        context.view.selection_changed.connect(self._show_current)
        self.refresh()

    def refresh(self) -> None:
        """Say what there is now."""
        found, listed = self._most_likely.found, self._most_likely.listed
        if found is None:
            self.say(self.failure() if self._most_likely.failed else self.tr("Working out which images these are…"))
            self.advice.hide()
            self.show_button.setEnabled(False)
        else:
            count = len(found.ranking)
            self.say(self._sureness(found.very_likely, found.likely, count))
            self.advice.setText(self._advice())
            self.advice.setVisible(bool(self.advice.text()))
            self.show_button.setEnabled(count > 0 and found.basis != "nothing")
        self.show_button.setText(self.tr("Start again from the top") if listed else self.tr("Show them"))
        self._show_judged()
        self._show_current()

    def _sureness(self, very_likely: int, likely: int, count: int) -> str:
        if not count:
            return self.tr("Every image has a label.")
        if self._most_likely.found is not None and self._most_likely.found.basis == "nothing":
            return ""
        number = QLocale().toString
        parts = [
            (very_likely, self.tr("{n} very likely")),
            (likely, self.tr("{n} likely")),
            (count - very_likely - likely, self.tr("{n} unsure")),
        ]
        return " · ".join(words.format(n=number(n)) for n, words in parts if n)

    def _advice(self) -> str:
        found = self._most_likely.found
        marked = self._context.model.counts.sensitive
        if found is None or not len(found.ranking):
            return ""
        if found.basis == "nothing":
            return self.tr(
                "Mark a few sensitive images first, with S. Five of different kinds are enough to begin; the more, the "
                "better the suggestions."
            )
        if found.basis == "similarity":
            words = self.tr(
                "Few images are marked sensitive ({n}), so these are simply the most similar ones. Judge some of them."
            )
            return words.format(n=QLocale().toString(marked))
        if not found.reliable:
            return self.tr(
                "The marked images can hardly be told from the others, so the order is little better than chance. Mark "
                "more of them, or look at the images in another way (“More” at the top)."
            )
        return ""

    def _show_judged(self) -> None:
        sensitive, normal = self._most_likely.judged
        self.judged.setVisible(sensitive + normal > 0)
        number = QLocale().toString
        self.judged.setText(
            self.tr("Judged in this list: {sensitive} sensitive, {normal} normal").format(
                sensitive=number(sensitive), normal=number(normal)
            )
        )

    def _show_current(self) -> None:
        model, index = self._context.model, self._context.view.selection.current
        level = None
        if self._most_likely.listed and index is not None and index < len(model) and model.suspected(index):
            level = self._most_likely.level(int(model.ids[index]))
        words = {
            "very likely": self.tr("The chosen one: very likely"),
            "likely": self.tr("The chosen one: likely"),
            "unsure": self.tr("The chosen one: unsure"),
            None: "",
        }[level]
        self.current.setText(words)
        self.current.setVisible(bool(words))
