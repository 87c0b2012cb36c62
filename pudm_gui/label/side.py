"""The side of the Label page: one panel at a time, chosen by tabs, each made when it is first shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.jobs import JobRunner
from pudm_gui.label.actions import LabelActions
from pudm_gui.label.grid.model import GridModel
from pudm_gui.label.grid.thumbnails import Thumbnails
from pudm_gui.label.grid.view import GridView
from pudm_gui.label.settings import LabelSettings
from pudm_gui.project.model import Listing
from pudm_gui.session import Session
from pudm_gui.widgets.parts import icon_button


@dataclass(frozen=True, slots=True)
class LabelContext:
    """What a panel may work with."""

    session: Session
    jobs: JobRunner
    model: GridModel
    view: GridView
    thumbnails: Thumbnails
    actions: LabelActions
    settings: LabelSettings
    show_listing: Callable[[Listing | None], None]
    """Show these images in the grid, in their order; None goes back to all."""


class SidePanels(QFrame):
    """Tabs above a stack of panels.

    A panel is a `QWidget`. Where it has a method ``shown``, that is called each time it comes to the front. It is
    closed with the page, and ends its threads there.

    Signals
    -------
    changed
        Name of the panel that came to the front.
    """

    changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setMinimumWidth(240)
        self._factories: dict[str, Callable[[], QWidget]] = {}
        self._panels: dict[str, QWidget] = {}
        self._buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._tabs = QHBoxLayout()
        self._tabs.setContentsMargins(theme.SPACE_S, theme.SPACE_XS, theme.SPACE_S, theme.SPACE_XS)
        self._tabs.setSpacing(2)
        self._tabs.addStretch(1)
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._tabs)
        layout.addWidget(self._stack, 1)

    @property
    def current(self) -> str:
        """Name of the panel at the front; "" before there is one."""
        return next((name for name, button in self._buttons.items() if button.isChecked()), "")

    @property
    def made(self) -> list[QWidget]:
        """The panels that have been shown so far."""
        return list(self._panels.values())

    def add(self, name: str, title: str, icon_name: str, factory: Callable[[], QWidget]) -> None:
        """Offer a panel."""
        button = icon_button(icon_name, title)
        button.setCheckable(True)
        button.clicked.connect(lambda: self.show_panel(name))
        self._group.addButton(button)
        self._factories[name], self._buttons[name] = factory, button
        self._tabs.insertWidget(self._tabs.count() - 1, button)

    def panel(self, name: str) -> QWidget:
        """The panel of that name, made now if it was not yet shown."""
        if name not in self._panels:
            self._panels[name] = self._factories[name]()
            self._stack.addWidget(self._panels[name])
        return self._panels[name]

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front."""
        panel = self.panel(name)
        self._buttons[name].setChecked(True)
        self._stack.setCurrentWidget(panel)
        if callable(shown := getattr(panel, "shown", None)):
            shown()
        self.changed.emit(name)

    def close_panels(self) -> None:
        """The page is about to close."""
        for panel in self._panels.values():
            panel.close()
