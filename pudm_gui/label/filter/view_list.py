"""The list of saved views, and the field that finds one of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from pudm_gui.project.views import SavedView
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.plain_text import printable, tip

MOST_ROWS = 10
ROW_HEIGHT = 30
_VIEW = Qt.ItemDataRole.UserRole


def view_of(item: QListWidgetItem) -> SavedView:
    return item.data(_VIEW)


class ViewList(QListWidget):
    """Saved views by name; the one that is shown has a tick."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Saved views"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setEditTriggers(QListWidget.EditTrigger.NoEditTriggers)

    @property
    def chosen(self) -> SavedView | None:
        item = self.currentItem()
        return None if item is None or item.isHidden() else view_of(item)

    def load(self, views: Sequence[SavedView], shown: str, *, editable: bool) -> None:
        """Show these; `shown` is the query that is in force."""
        self.blockSignals(True)
        self.clear()
        for view in views:
            item = QListWidgetItem(icon("check" if view.query == shown else "bookmark"), printable(view.name))
            item.setData(_VIEW, view)
            item.setSizeHint(QSize(0, ROW_HEIGHT))
            item.setToolTip(tip(printable(view.query) or self.tr("All images")))
            if editable:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.addItem(item)
        self.blockSignals(False)
        self.setFixedHeight(ROW_HEIGHT * min(MOST_ROWS, self.count()) + 2)

    def choose(self, name: str) -> None:
        """Choose the view of that name, where there is one."""
        for row in range(self.count()):
            if view_of(self.item(row)).name == name:
                self.setCurrentRow(row)

    def named(self, name: str) -> SavedView | None:
        """The view that is called exactly so."""
        views = [view_of(self.item(row)) for row in range(self.count())]
        return next((view for view in views if view.name == " ".join(name.split())), None)

    def show_only(self, part: str) -> None:
        """Leave those with `part` in their name, and choose the first where the chosen one goes."""
        sought = part.casefold()
        for row in range(self.count()):
            self.item(row).setHidden(sought not in view_of(self.item(row)).name.casefold())
        if self.chosen is None:
            rows = (row for row in range(self.count()) if not self.item(row).isHidden())
            self.setCurrentRow(next(rows, -1))

    def move_choice(self, by: int) -> None:
        """Choose another row, over hidden ones."""
        row = self.currentRow() + by
        while 0 <= row < self.count() and self.item(row).isHidden():
            row += by
        if 0 <= row < self.count():
            self.setCurrentRow(row)


class NameField(QLineEdit):
    """Up and Down move in the list below.

    Signals
    -------
    moved
        One row down (1) or up (-1).
    """

    moved = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.returnPressed.emit()
        else:
            super().keyPressEvent(event)
