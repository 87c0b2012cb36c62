"""Saved views: find one by its name, save what is shown, rename, delete."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.filter.conditions import EMPTY
from pudm_gui.label.filter.popover import Popover
from pudm_gui.label.filter.query import QueryError, parse, without_listing, write
from pudm_gui.label.filter.state import FilterState
from pudm_gui.label.filter.view_list import NameField, ViewList, view_of
from pudm_gui.project.views import SavedView, delete_view, list_views, rename_view, save_view
from pudm_gui.session import Session
from pudm_gui.widgets.parts import note, set_role
from pudm_gui.widgets.plain_text import printable
from training.errors import UserError

WIDTH = 380
EMPTY_HEIGHT = 120


class ViewsPanel(Popover):
    """A field that finds views by their name, the list of them, and what can be done to the chosen one.

    Return shows the chosen view, or saves what is shown under the name that was typed where no view has it.

    Signals
    -------
    shown
        A view was put in the place of the filter.
    """

    shown = Signal()

    def __init__(self, session: Session, state: FilterState, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._state = session, state
        self._deleted: SavedView | None = None
        self.setFixedWidth(WIDTH)
        self.list = ViewList()
        self.field = NameField()
        self.field.setAccessibleName(self.tr("Name of a view"))
        self.field.textChanged.connect(lambda _: self._filter())
        self.field.moved.connect(self.list.move_choice)
        self.field.returnPressed.connect(self._return)
        self.list.itemClicked.connect(self._use)
        self.list.itemChanged.connect(self._renamed)
        self.list.currentItemChanged.connect(lambda *_: self._refresh_buttons())
        self.empty = QLabel(self.tr("No saved views yet. Set a filter, type a name above and press Return to keep it."))
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setFixedHeight(EMPTY_HEIGHT)
        self.note = note()
        self._lay_out()

    def shown_query(self) -> str:
        """What would be saved."""
        return write(without_listing(self._state.filter))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._deleted = None
        self._say("")
        self.field.clear()
        self._load()
        self.field.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self._edit_name()
        elif event.key() == Qt.Key.Key_Delete and self.list.hasFocus():
            self._delete()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.hasFocus():
            self._return()
        else:
            super().keyPressEvent(event)

    # --- parts

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_S)
        layout.setSpacing(theme.SPACE_S)
        buttons = QHBoxLayout()
        self.save = self._button(self.tr("Save this view"), self._save)
        self.rename = self._button(self.tr("Rename"), self._edit_name)
        self.delete = self._button(self.tr("Delete"), self._delete)
        self.bring_back = self._button(self.tr("Bring it back"), self._bring_back)
        buttons.addWidget(self.save)
        buttons.addStretch(1)
        for button in (self.bring_back, self.rename, self.delete):
            buttons.addWidget(button)
        for part in (self.field, self.list, self.empty, self.note):
            layout.addWidget(part)
        layout.addLayout(buttons)

    def _button(self, words: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("role", "quiet")
        button.setAutoDefault(False)
        button.clicked.connect(lambda: slot())
        return button

    def _load(self, chosen: str = "") -> None:
        self.list.load(list_views(self._session.project), self.shown_query(), editable=not self._session.read_only)
        self.list.choose(chosen)
        self.list.setVisible(self.list.count() > 0)
        self.empty.setVisible(self.list.count() == 0)
        self._filter()
        self.adjustSize()

    def _filter(self) -> None:
        self.list.show_only(self.field.text().strip())
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        current, writable = self.list.chosen is not None, not self._session.read_only
        name, savable = self.field.text().strip(), self._state.filter.within is None or self.shown_query() != ""
        self.field.setPlaceholderText(self.tr("Find a view, or name this one") if writable else self.tr("Find a view"))
        self.save.setEnabled(bool(writable and name and savable))
        self.save.setText(self.tr("Replace this view") if self.list.named(name) else self.tr("Save this view"))
        self.rename.setEnabled(writable and current)
        self.delete.setEnabled(writable and current)
        for button in (self.save, self.rename, self.delete):
            button.setToolTip("" if writable else self.tr("Another window has this project open"))
        self.bring_back.setVisible(self._deleted is not None)
        if name and self._state.filter.within is not None and not self.list.named(name):
            self._say(self._about_listing(savable))

    def _about_listing(self, savable: bool) -> str:
        title = printable(self._state.filter.within.title) if self._state.filter.within else ""
        if savable:
            return self.tr("Saved without the list “{title}”, only with the other conditions.").format(title=title)
        return self.tr("The list “{title}” cannot be saved as a view.").format(title=title)

    def _say(self, words: str, role: str = "small") -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))
        set_role(self.note, role)

    # --- what the person does

    def _return(self) -> None:
        if self.list.chosen is not None and (item := self.list.currentItem()) is not None:
            self._use(item)
        elif self.save.isEnabled():
            self._save()

    def _use(self, item: QListWidgetItem) -> None:
        view: SavedView = view_of(item)
        try:
            wanted = parse(view.query) if view.query else EMPTY
        except QueryError as error:
            self._say(self.tr("This view cannot be read. {reason}").format(reason=error), "warning")
            return
        self._state.show(wanted)
        self.close()
        self.shown.emit()

    def _save(self) -> None:
        try:
            view = save_view(self._session.project, self.field.text(), self.shown_query())
        except UserError as error:
            self._say(str(error), "warning")
            return
        self.field.clear()
        self._load(view.name)
        self._say(self.tr("Saved as “{name}”.").format(name=printable(view.name)))

    def _edit_name(self) -> None:
        item = self.list.currentItem()
        if item is not None and self.rename.isEnabled():
            self.list.setFocus()
            self.list.editItem(item)

    def _renamed(self, item: QListWidgetItem) -> None:
        view: SavedView = view_of(item)
        if item.text() == printable(view.name):
            return
        try:
            name = rename_view(self._session.project, view.name, item.text()).name
            self._say("")
        except UserError as error:
            name = view.name
            self._say(str(error), "warning")
        QTimer.singleShot(0, self, lambda: self._load(name))  # the list is still at work on this item

    def _delete(self) -> None:
        view = self.list.chosen
        if view is None or not self.delete.isEnabled():
            return
        try:
            delete_view(self._session.project, view.name)
        except UserError as error:
            self._say(str(error), "warning")
            return
        self._deleted = view
        self._load()
        self._say(self.tr("Deleted “{name}”.").format(name=printable(view.name)))

    def _bring_back(self) -> None:
        if self._deleted is not None:
            view, self._deleted = self._deleted, None
            save_view(self._session.project, view.name, view.query)
            self._load(view.name)
            self._say("")
