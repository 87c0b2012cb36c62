"""Where to go after labeling a single image: a choice in the line below the grid."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton, QWidget


class GoingOn(QPushButton):
    """Says what happens after labeling, and opens a menu to choose.

    Signals
    -------
    chosen
        Whether to go on, and whether that is to the next unlabeled image.
    """

    chosen = Signal(bool, bool)

    def __init__(self, advance: bool, skip_labeled: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "status-link")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the images
        self.setToolTip(self.tr("Which image is chosen after a single one was labeled"))
        menu = QMenu(self)
        group = QActionGroup(menu)
        self.stay = self._choice(group, self.tr("Stay at the image"), False, False)
        self.next = self._choice(group, self.tr("Go to the next image"), True, False)
        self.next_unlabeled = self._choice(group, self.tr("Go to the next unlabeled image"), True, True)
        menu.addActions(group.actions())
        self.setMenu(menu)
        self._show(advance, skip_labeled)

    def _choice(self, group: QActionGroup, text: str, advance: bool, skip_labeled: bool) -> QAction:
        action = QAction(text, group, checkable=True)
        action.triggered.connect(lambda: self._choose(advance, skip_labeled))
        return action

    def _choose(self, advance: bool, skip_labeled: bool) -> None:
        self._show(advance, skip_labeled)
        self.chosen.emit(advance, skip_labeled)

    def _show(self, advance: bool, skip_labeled: bool) -> None:
        action = self.stay if not advance else self.next_unlabeled if skip_labeled else self.next
        action.setChecked(True)
        words = {
            self.stay: self.tr("After labeling: stay"),
            self.next: self.tr("After labeling: next"),
            self.next_unlabeled: self.tr("After labeling: next unlabeled"),
        }
        self.setText(f"{words[action]} ▾")
