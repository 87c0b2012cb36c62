"""The chosen entry of the history: all that is known of it, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.label.history.words import HistoryWords, whole_moment
from pudm_gui.project.model import HistoryEntry
from pudm_gui.widgets.parts import note
from pudm_gui.widgets.plain_text import printable


class ChosenEntry(QFrame):
    """Shown below the list while an entry is chosen.

    Signals
    -------
    images_wanted
        Its images are to be listed in the grid.
    revert_wanted
        Number of the action to be reverted: the entry's own, or the revert that took it back.
    """

    images_wanted = Signal()
    revert_wanted = Signal(int)

    def __init__(self, words: HistoryWords, *, editable: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._editable = words, editable
        self._reverts: int | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_M)
        layout.setSpacing(theme.SPACE_XS)
        self.title = note(role="strong")
        self.facts = note()
        self.state = note()
        for label in (self.title, self.facts, self.state):
            layout.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, theme.SPACE_XS, 0, 0)
        buttons.setSpacing(theme.SPACE_S)
        self.show_images = QPushButton(self.tr("Show its images"))
        self.show_images.setToolTip(self.tr("List them in the grid (Enter)"))
        self.show_images.clicked.connect(self.images_wanted)
        self.revert = QPushButton()
        self.revert.clicked.connect(self._revert)
        for button in (self.show_images, self.revert):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout.addLayout(buttons)
        self.hide()

    def show_entry(self, entry: HistoryEntry | None) -> None:
        """Show another entry, or none."""
        self.setVisible(entry is not None)
        if entry is None:
            return
        self.title.setText(self._words.title(entry))
        self.facts.setText("\n".join(self._facts(entry)))
        self._reverts = entry.id if entry.revertible else entry.reverted_by
        self.state.setText(self._state(entry))
        self.state.setVisible(bool(self.state.text()))
        back = entry.reverted_by is not None or (entry.kind == "revert" and entry.revertible)
        self.revert.setText(self.tr("Bring it back") if back else self.tr("Revert this"))
        self.revert.setToolTip(
            self.tr("Do again what was reverted, below whatever came later")
            if back
            else self.tr("Take this back, whatever came later; images that were labeled anew since stay as they are")
        )
        self.revert.setEnabled(self._editable)
        self.revert.setVisible(self._reverts is not None)

    def _facts(self, entry: HistoryEntry) -> list[str]:
        by = self.tr("By {who}").format(who=printable(entry.annotator))
        if source := self._words.source(entry):
            by = f"{by}, {source}"
        lines = [by, whole_moment(entry.at)]
        if entry.tags:
            lines.append(self._words.tags(entry))
        if entry.note:
            lines.append(printable(entry.note))
        return lines

    def _state(self, entry: HistoryEntry) -> str:
        if entry.reverted_by is not None:
            return self.tr("Reverted: it no longer counts.")
        if entry.undone:
            return self.tr("Undone: it no longer counts.")
        return ""

    def _revert(self) -> None:
        if self._reverts is not None:
            self.revert_wanted.emit(self._reverts)
