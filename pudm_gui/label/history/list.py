"""The list of the history: any number of rows, all of one height."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from pudm_gui.label.history.delegate import HEIGHT


class HistoryList(QTableView):
    """A table of one column: unlike `QListView`, it does not ask for every row whenever one is added.

    Signals
    -------
    opened
        Row that was clicked, or on which Return was pressed.
    """

    opened = Signal(QModelIndex)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(HEIGHT)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(self.tr("History"))
        self.clicked.connect(self.opened)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The chosen row stays in sight when what is known of it opens below."""
        before = QRect(QPoint(), event.oldSize())
        kept = self.currentIndex().isValid() and self.visualRect(self.currentIndex()).intersects(before)
        super().resizeEvent(event)
        if kept:
            self.scrollTo(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
        elif event.text().isprintable() and event.text() and not event.modifiers():
            event.ignore()  # letters label images; they don't look for an entry
        else:
            super().keyPressEvent(event)
