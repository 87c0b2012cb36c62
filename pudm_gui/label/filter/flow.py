"""Buttons side by side in a few rows; those that find no room are in a menu at the end."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QToolButton, QWidget

GAP = 6


class Flow(QWidget):
    """Lays out buttons from left to right, in `rows` rows at most.

    A checked button always finds room, in the place of the last one that does.
    """

    def __init__(self, rows: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._items: list[QWidget] = []
        self.hidden: list[QWidget] = []
        """Those that are in the menu."""
        self.more = QToolButton(self)
        self.more.setProperty("role", "pill")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu = QMenu(self.more)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.more.setMenu(self._menu)
        self.more.hide()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_items(self, items: Sequence[QWidget]) -> None:
        """Show these and no others; who made them goes on to own them."""
        for item in self._items:
            if item not in items:
                item.hide()
        self._items = list(items)
        for item in items:
            if item.parent() is not self:
                item.setParent(self)
        self.arrange()

    def arrange(self) -> None:
        """Lay out anew, as after a button has changed its text."""
        self.updateGeometry()
        around = self.parentWidget()
        if around is not None and (layout := around.layout()) is not None:
            layout.activate()  # more may fit than before, at once
        self._place(self.width())

    # --- as layouts ask

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rects, _ = self._arranged(width)
        return max((rect.bottom() + 1 for _, rect in rects), default=0)

    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items]
        width = sum(size.width() for size in sizes) + GAP * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSizeHint(self) -> QSize:
        widest = max((item.minimumSizeHint().width() for item in self._items), default=0)
        more = self._more_size() if len(self._items) > 1 else QSize(0, 0)
        return QSize(widest + (GAP + more.width() if more.width() else 0), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place(self.width())

    # --- geometry

    def _place(self, width: int) -> None:
        rects, hidden = self._arranged(width)
        used = max((rect.bottom() + 1 for _, rect in rects), default=0)
        down = max(0, self.height() - used) // 2
        for item, rect in rects:
            item.setGeometry(rect.translated(0, down))
            item.show()
        for item in hidden:
            item.hide()
        self.hidden = [item for item in hidden if item is not self.more]
        if self.hidden:
            words = self.tr("{n} more").format(n=len(self.hidden))
            self.more.setText(f"+{len(self.hidden)}")
            self.more.setAccessibleName(words)
            self.more.setToolTip(words)

    def _arranged(self, width: int) -> tuple[list[tuple[QWidget, QRect]], list[QWidget]]:
        """Who goes where, and who finds no room."""
        rects = self._flowed(self._items, width)
        if len(rects) == len(self._items):
            return rects, [self.more]
        count = len(rects)
        while count > 0:
            shown = self._with_checked(count)
            rects = self._flowed([*shown, self.more], width)
            if len(rects) == len(shown) + 1:
                return rects, [item for item in self._items if item not in shown]
            count -= 1
        return self._flowed([self.more], width), list(self._items)

    def _with_checked(self, count: int) -> list[QWidget]:
        shown, rest = self._items[:count], self._items[count:]
        for item in rest:
            if isinstance(item, QAbstractButton) and item.isChecked():
                return [*shown[:-1], item]
        return shown

    def _flowed(self, items: Sequence[QWidget], width: int) -> list[tuple[QWidget, QRect]]:
        """As many of `items` as fit, with their places."""
        found: list[tuple[QWidget, QRect]] = []
        at, row, height = QPoint(0, 0), 0, 0
        for item in items:
            size = self._more_size() if item is self.more else item.sizeHint()
            if at.x() and at.x() + size.width() > width:
                row += 1
                at = QPoint(0, at.y() + height + GAP)
            if row >= self._rows:
                break
            found.append((item, QRect(at, QSize(min(size.width(), max(width, 1)), size.height()))))
            height = max(height, size.height())
            at.setX(at.x() + size.width() + GAP)
        return found

    def _more_size(self) -> QSize:
        height = max((item.sizeHint().height() for item in self._items), default=24)
        return QSize(self.fontMetrics().horizontalAdvance("+00") + 24, height)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for item in self.hidden:
            if isinstance(item, QAbstractButton):
                action = self._menu.addAction(item.icon(), item.text())
                action.setCheckable(item.isCheckable())
                action.setChecked(item.isChecked())
                action.triggered.connect(lambda _=False, item=item: item.click())
