"""The entries of the history for a list view: how many there are, and those that are looked at."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from pudm_gui.label.history.words import HistoryWords
from pudm_gui.project.history import history, history_size
from pudm_gui.project.model import HistoryEntry
from pudm_gui.project.project import Project

PAGE = 64
PAGES_KEPT = 16


class HistoryModel(QAbstractListModel):
    """The newest entry is row 0. Pages of entries are asked from the store as they come into sight."""

    def __init__(self, project: Project, words: HistoryWords, parent: QObject) -> None:
        super().__init__(parent)
        self._project, self._words = project, words
        self._size = 0
        self._pages: OrderedDict[int, dict[int, HistoryEntry]] = OrderedDict()

    def refresh(self) -> None:
        """Something was done: there are new entries, and old ones may stand differently."""
        size = history_size(self._project)
        self._pages.clear()
        if size > self._size:
            self.beginInsertRows(QModelIndex(), 0, size - self._size - 1)
            self._size = size
            self.endInsertRows()
        if self._size:
            self.dataChanged.emit(self.index(0), self.index(self._size - 1))

    def entry(self, row: int) -> HistoryEntry | None:
        """The entry of a row, as it stands now."""
        if not 0 <= row < self._size:
            return None
        action = self._size - row
        page = (action - 1) // PAGE
        if page not in self._pages:
            entries = history(self._project, limit=PAGE, before=(page + 1) * PAGE + 1)
            self._pages[page] = {entry.id: entry for entry in entries}
            while len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        return self._pages[page].get(action)

    def row_of(self, action: int) -> int:
        """Where the entry of an action is."""
        return self._size - action

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._size

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entry(index.row())
        if entry is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words.title(entry)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ". ".join(part for part in (self._words.title(entry), self._words.details(entry)) if part)
        return None
