"""The part of the panel about images like the chosen ones."""

from __future__ import annotations

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.section import Section, button
from pudm_gui.label.suggest.similar import SimilarTo


class SimilarSection(Section):
    """One button, which says how many images are chosen."""

    def __init__(self, context: LabelContext, similar: SimilarTo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading.setText(self.tr("Similar images"))
        self._context = context
        self.show_button = button("", self.tr("List images like the chosen ones, the most similar first (M)"))
        self.show_button.clicked.connect(similar.show_for_selection)
        self.body.addWidget(self.show_button)
        context.view.selection_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """The selection has changed."""
        selection = self._context.view.selection
        count = len(selection.chosen) or int(selection.current is not None)
        self.show_button.setEnabled(count > 0)
        self.say("" if count else self.tr("Choose one image or more to find those that look like them."))
        self.show_button.setText(
            self.tr("Similar to the {n} chosen images").format(n=QLocale().toString(count))
            if count > 1
            else self.tr("Similar to the chosen image")
        )
