"""The field for names and typed conditions, with what may come next below it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QCompleter,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.filter.completion import Completions, complete
from pudm_gui.label.filter.facet_source import FacetSource
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.plain_text import printable

TYPING_MS = 180
"""A search begins when nothing was typed for so long."""
POPUP_WIDTH = 480
KEYS_WIDTH = 72
ROOM_FOR_EXAMPLE = 250
ROWS_SHOWN = 12
_TEXT, _DETAIL = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_RETURNS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SearchField(QLineEdit):
    """Words and conditions. Return makes chips of the conditions and goes to the images, Esc empties the field first.

    Signals
    -------
    typed
        The text, when typing has stopped for a moment.
    committed
        Return was pressed.
    left
        The person is done here without a condition to keep: Esc or Down.
    back
        Backspace was pressed before the text.
    """

    typed = Signal(str)
    committed = Signal()
    left = Signal()
    back = Signal()

    def __init__(self, source: FacetSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._found = Completions()
        self.setAccessibleName(self.tr("Search file names"))
        self.setClearButtonEnabled(True)
        self.addAction(icon("search", "text_muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.setMinimumWidth(200)
        self.setMaximumWidth(360)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self.tell)
        self.textChanged.connect(lambda _: self._typing.start())
        self.textEdited.connect(lambda _: self._offer())
        source.changed.connect(self._offer_more)
        self._model = QStandardItemModel(self)
        self.popup = QListView()
        self.completer_ = self._make_completer()

    @property
    def offering(self) -> bool:
        """Whether ways to go on are shown."""
        return self.popup.isVisible()

    def tell(self) -> None:
        """Say now what was typed."""
        self._typing.stop()
        self.typed.emit(self.text())

    def show_text(self, text: str) -> None:
        """Put a text in without `typed`."""
        self.setText(text)
        self._typing.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= ROOM_FOR_EXAMPLE
        self.setPlaceholderText(self.tr("Search names, or tag:face") if wide else self.tr("Search names"))

    def sizeHint(self) -> QSize:
        return QSize(240, super().sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.offering and self._passes_to_popup(key):
            event.ignore()  # the completer does what is usual
        elif key == Qt.Key.Key_Escape:
            self.clear()
            self.tell()
            self.left.emit()
        elif key in _RETURNS:
            self.popup.hide()
            self.tell()
            self.committed.emit()
        elif key == Qt.Key.Key_Down:
            self.tell()
            self.left.emit()
        elif key == Qt.Key.Key_Backspace and not self.cursorPosition() and not self.hasSelectedText():
            self.back.emit()
        elif key == Qt.Key.Key_Space and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._offer(every_key=True)
        else:
            super().keyPressEvent(event)

    def _passes_to_popup(self, key: Qt.Key) -> bool:
        chosen = self.popup.currentIndex().isValid()
        return key == Qt.Key.Key_Escape or (chosen and key in (*_RETURNS, Qt.Key.Key_Tab))

    def _make_completer(self) -> QCompleter:
        completer = QCompleter(self._model, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(ROWS_SHOWN)
        completer.setWidget(self)
        popup = self.popup
        popup.setProperty("role", "popup")
        popup.setUniformItemSizes(True)
        for set_policy in (popup.setHorizontalScrollBarPolicy, popup.setVerticalScrollBarPolicy):
            set_policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        completer.setPopup(popup)
        popup.setItemDelegate(_Row(popup))  # the completer has put its own in
        completer.activated[QModelIndex].connect(self._insert)  # type: ignore[index]
        return completer

    def _offer_more(self) -> None:
        if self.offering:
            self._offer()

    def _offer(self, *, every_key: bool = False) -> None:
        self._found = complete(self.text(), self.cursorPosition(), self._source.facets, every_key=every_key)
        if ":" in self.text():
            self._source.want()
        if not self._found.choices:
            self.popup.hide()
            return
        self._model.clear()
        for choice in self._found.choices:
            item = QStandardItem(printable(choice.shown))
            item.setData(choice.text, _TEXT)
            item.setData(printable(choice.detail), _DETAIL)
            item.setData(f"{choice.shown} {choice.detail}", Qt.ItemDataRole.AccessibleTextRole)
            self._model.appendRow(item)
        self.popup.setCurrentIndex(QModelIndex())
        self.completer_.complete(QRect(QPoint(0, 2), QSize(max(POPUP_WIDTH, self.width()), self.height())))

    def _insert(self, index: QModelIndex) -> None:
        text = index.data(_TEXT)
        rest = self.text()[self.cursorPosition() :]
        before = self.text()[: self._found.start] + text
        self.setText(before + rest.lstrip() if text.endswith(" ") else before + rest)
        self.setCursorPosition(len(before))
        if not text.endswith(" "):  # a key: its values come next
            QTimer.singleShot(0, self, self._offer)


class _Row(QStyledItemDelegate):
    """The choice at the left, what it is at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(POPUP_WIDTH, 28)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self.initStyleOption(option, index)
        words, option.text = option.text, ""
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        colors = theme.current_theme()
        rect, metrics = option.rect.adjusted(10, 0, -10, 0), option.fontMetrics
        detail = index.data(_DETAIL)
        middle, left, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        key = words.endswith(":")
        room = KEYS_WIDTH if key else rect.width() - metrics.horizontalAdvance(detail) - theme.SPACE_L
        painter.setPen(colors.text)
        painter.drawText(rect, middle | left, metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room))
        rest = rect.adjusted(KEYS_WIDTH if key else 0, 0, 0, 0)
        painter.setPen(colors.text_muted)
        shown = metrics.elidedText(detail, Qt.TextElideMode.ElideRight, rest.width())
        painter.drawText(rest, middle | (left if key else right), shown)
