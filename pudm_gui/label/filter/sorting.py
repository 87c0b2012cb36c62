"""The button that says and sets the order."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from pudm_gui.label.filter.phrases import sort_name
from pudm_gui.label.filter.state import FilterState
from pudm_gui.project.model import SortKey
from pudm_gui.widgets.icons import icon

KEYS: tuple[SortKey, ...] = ("path", "name", "size", "modified", "resolution", "labeled")


class SortButton(QToolButton):
    """A menu of orders. Choosing the present one again turns it round."""

    def __init__(self, state: FilterState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._wide = True
        self.setProperty("role", "quiet")
        self.setIconSize(QSize(18, 18))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        state.changed.connect(self.refresh)
        self.refresh()

    def set_wide(self, wide: bool) -> None:
        """Whether there is room for words."""
        self._wide = wide
        self.refresh()

    def refresh(self) -> None:
        filter_ = self._state.filter
        name = sort_name(filter_.sort, listed=filter_.within is not None)
        usual = filter_.sort is None and not filter_.descending
        self.setIcon(icon("sort-down" if filter_.descending else "sort-up"))
        self.setText(name)
        worded = self._wide and not usual
        self.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon if worded else Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        way = self.tr("descending") if filter_.descending else self.tr("ascending")
        tip = self.tr("Order: {name}, {way}").format(name=name, way=way)
        self.setToolTip(tip)
        self.setAccessibleName(tip)

    def _fill(self) -> None:
        menu, filter_ = self.menu(), self._state.filter
        menu.clear()
        listed = filter_.within is not None
        keys: tuple[SortKey | None, ...] = (None, *KEYS) if listed else KEYS
        present = filter_.sort if filter_.sort is not None or listed else "path"
        group = QActionGroup(menu)
        for key in keys:
            action = QAction(sort_name(key, listed=listed), group, checkable=True)
            action.setChecked(key == present)
            action.triggered.connect(lambda _=False, key=key: self._sort(key, key == present))
            menu.addAction(action)
        menu.addSeparator()
        ways = QActionGroup(menu)
        for descending, words in ((False, self.tr("Ascending")), (True, self.tr("Descending"))):
            action = QAction(icon("sort-down" if descending else "sort-up"), words, ways, checkable=True)
            action.setChecked(filter_.descending == descending)
            action.triggered.connect(lambda _=False, way=descending: self._turn(present, way))
            menu.addAction(action)

    def _sort(self, key: SortKey | None, again: bool) -> None:
        self._turn(key, not self._state.filter.descending if again else False)

    def _turn(self, key: SortKey | None, descending: bool) -> None:
        plain = key == "path" and not descending and self._state.filter.within is None
        self._state.change(sort=None if plain else key, descending=descending)
