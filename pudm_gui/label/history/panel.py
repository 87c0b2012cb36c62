"""The panel "History"."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QMenu, QStackedWidget, QVBoxLayout, QWidget

from pudm_gui.label.history.chosen import ChosenEntry
from pudm_gui.label.history.delegate import HistoryDelegate
from pudm_gui.label.history.list import HistoryList
from pudm_gui.label.history.model import HistoryModel
from pudm_gui.label.history.words import HistoryWords
from pudm_gui.label.side import LabelContext
from pudm_gui.project.history import images_of
from pudm_gui.project.model import Change, HistoryEntry, Ids, Listing
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.parts import rule


class HistoryPanel(QFrame):
    """What was done, the newest first. A click lists the images of an entry in the grid."""

    def __init__(self, context: LabelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setProperty("role", "panel")
        self._words = HistoryWords(self)
        self.model = HistoryModel(context.session.project, self._words, self)
        self.list = HistoryList()
        self.list.setModel(self.model)
        self.list.setItemDelegate(HistoryDelegate(self._words, self.list))
        self.chosen = ChosenEntry(self._words, editable=not context.session.read_only)
        self.empty = EmptyState(
            self.tr("Nothing was done yet"),
            self.tr("Every label and tag is written down here, and can be taken back one by one."),
            icon_name="history",
        )
        self._thread = OffThread(self, threads=1)
        self._lay_out()
        self.list.opened.connect(self.show_images)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_chosen())
        self.list.customContextMenuRequested.connect(self._open_menu)
        self.chosen.images_wanted.connect(self.show_images)
        self.chosen.revert_wanted.connect(context.actions.revert)
        context.session.labels_changed.connect(self._labels_changed)
        self.refresh()

    def shown(self) -> None:
        """The panel came to the front."""
        self.refresh()

    @property
    def entry(self) -> HistoryEntry | None:
        """The one that is chosen."""
        return self.model.entry(self.list.currentIndex().row())

    def refresh(self) -> None:
        """Show what the store has now."""
        self.model.refresh()
        self._stack.setCurrentWidget(self._filled if self.model.rowCount() else self.empty)
        self._show_chosen()

    def show_images(self) -> None:
        """List the images of the chosen entry in the grid."""
        entry = self.entry
        if entry is None:
            return
        project = self._context.session.project

        def show(ids: Ids) -> None:
            self._context.show_listing(Listing(self._words.title(entry), ids, key=f"history-{entry.id}"))

        self._thread.cancel_waiting()
        self._thread.submit(lambda: images_of(project, entry.id), show)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._thread.cancel_waiting()
        self._thread.wait()

    def _lay_out(self) -> None:
        self._filled = QWidget()
        filled = QVBoxLayout(self._filled)
        filled.setContentsMargins(0, 0, 0, 0)
        filled.setSpacing(0)
        filled.addWidget(self.list, 1)
        filled.addWidget(rule())
        filled.addWidget(self.chosen)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._filled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _labels_changed(self, change: Change) -> None:
        if self.isVisible():
            self.refresh()

    def _show_chosen(self) -> None:
        self.chosen.show_entry(self.entry)

    def _open_menu(self, place: QPoint) -> None:
        if self.entry is None:
            return
        menu = QMenu(self)
        for button in (self.chosen.show_images, self.chosen.revert):
            if not button.isHidden():
                action = menu.addAction(button.text())
                action.setEnabled(button.isEnabled())
                action.triggered.connect(button.click)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(place))
