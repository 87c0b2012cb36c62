"""What stands in the place of the grid while there is nothing to show in it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from pudm_gui.label.grid.model import GridModel
from pudm_gui.session import Session
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.plain_text import printable


class EmptyStates(QStackedWidget):
    """No images yet, a scan that has found none so far, or a filter that lets none through.

    Signals
    -------
    folder_wanted
        The person wants to add a folder of images.
    all_wanted
        Every filter is to be put aside.
    """

    folder_wanted = Signal()
    all_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.waiting = QWidget()
        self.nothing = EmptyState("", "", "", icon_name="image")
        self.nothing.clicked.connect(self.folder_wanted)
        self.searching = EmptyState(
            self.tr("Looking for images"),
            self.tr("They appear here as they are found. You can begin to label at once."),
            icon_name="search",
        )
        self.filtered = EmptyState("", "", "", icon_name="filter", primary=False)
        self.filtered.clicked.connect(self.all_wanted)
        for state in (self.waiting, self.nothing, self.searching, self.filtered):
            self.addWidget(state)

    def show_for(self, model: GridModel) -> bool:
        """Choose what goes with the model; whether there is anything to show instead of the grid."""
        if len(model):
            return False
        if not model.loaded:
            self.setCurrentWidget(self.waiting)
        elif model.counts.total == 0 and self._session.scanning:
            self.setCurrentWidget(self.searching)
        elif model.counts.total == 0:
            self._show_nothing()
        else:
            self._show_filtered(model)
        return True

    def _show_nothing(self) -> None:
        title = self.tr("No images yet")
        if self._session.read_only:
            self.nothing.set_text(title, self.tr("They appear here when the other window has added a folder."))
        else:
            words = self.tr("Choose a folder, or drop one here. Your images are only read, never moved or changed.")
            self.nothing.set_text(title, words, self.tr("Add a folder of images"))
        self.setCurrentWidget(self.nothing)

    def _show_filtered(self, model: GridModel) -> None:
        titles = {
            "all": self.tr("No images"),
            "unlabeled": self.tr("Nothing is left to label"),
            "sensitive": self.tr("No image is marked sensitive yet"),
            "normal": self.tr("No image is marked normal yet"),
            "unreadable": self.tr("Every image can be read"),
        }
        words = {
            "sensitive": self.tr("Choose an image and press S. A few dozen are enough to begin."),
            "normal": self.tr("Choose an image and press N. Normal examples help, but they are not needed."),
        }
        title, text = titles[model.shown.show], words.get(model.shown.show, "")
        if model.shown.text:
            title = self.tr("No image here is called like “{text}”").format(text=printable(model.shown.text))
            text = self.tr("The search looks at folder and file names.")
        self.filtered.set_text(title, text, self.tr("Show all images"))
        self.setCurrentWidget(self.filtered)
