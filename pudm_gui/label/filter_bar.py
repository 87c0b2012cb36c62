"""The line above the grid: which images, how large, and how they are shown."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QSlider,
    QToolButton,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.grid.view import LARGEST, SMALLEST
from pudm_gui.label.settings import LabelSettings
from pudm_gui.label.veil import Strength
from pudm_gui.project.model import Counts, ImageFilter, Listing, Show
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.pill import Pill

TYPING_MS = 180
"""A search begins when nothing was typed for so long."""


class SearchField(QLineEdit):
    """Part of a file name. Esc empties it and goes back to the images, as does Return."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FilterBar(QWidget):
    """Chips with counts, a search field, the size of the tiles, blur, and the close-up's switch.

    Signals
    -------
    filter_changed
        An `ImageFilter`.
    look_changed
        Something in the settings that were handed over: blur, strength, grey.
    tile_changed
        Edge in pixels.
    close_up_toggled
        Whether the close-up is to be seen.
    left
        The person is done with the search field.
    """

    filter_changed = Signal(object)
    look_changed = Signal()
    tile_changed = Signal(int)
    close_up_toggled = Signal(bool)
    left = Signal()

    def __init__(self, settings: LabelSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._within: Listing | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_S)
        layout.setSpacing(6)
        self.chips = self._make_chips()
        for chip in self.chips.values():
            layout.addWidget(chip)
        layout.addStretch(1)
        self.search = self._make_search()
        layout.addWidget(self.search, 2)
        layout.addSpacing(theme.SPACE_XS)
        self.slider = self._make_slider()
        layout.addWidget(self.slider)
        self.blur = self._make_blur()
        layout.addWidget(self.blur)
        self.close_up = self._tool("info", self.tr("Close-up: show the chosen image and what is known of it"))
        self.close_up.setChecked(settings.close_up)
        self.close_up.toggled.connect(self.close_up_toggled)
        layout.addWidget(self.close_up)

    @property
    def filter(self) -> ImageFilter:
        show = next(name for name, chip in self.chips.items() if chip.isChecked())
        return ImageFilter(show, self.search.text().strip(), within=self._within)

    def show_listing(self, listing: Listing | None) -> None:
        """List these images, in their order; None goes back to all."""
        self._within = listing
        self._apply()

    def show_counts(self, counts: Counts) -> None:
        numbers = {
            "all": counts.total,
            "unlabeled": counts.unlabeled,
            "sensitive": counts.sensitive,
            "normal": counts.normal,
            "unreadable": counts.unreadable,
        }
        for name, chip in self.chips.items():
            chip.set_count(numbers[name])
        self.chips["unreadable"].setVisible(counts.unreadable > 0 or self.chips["unreadable"].isChecked())

    def show_all(self) -> None:
        """Put every filter aside."""
        self._within = None
        self.search.clear()
        self.chips["all"].setChecked(True)
        self._apply()

    def show_tile(self, edge: int) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(edge)
        self.slider.blockSignals(False)

    def _make_chips(self) -> dict[Show, Pill]:
        chips: dict[Show, Pill] = {
            "all": Pill(self.tr("All"), 0),
            "unlabeled": Pill(self.tr("Unlabeled"), 0),
            "sensitive": Pill(self.tr("Sensitive"), 0, icon_name="sensitive"),
            "normal": Pill(self.tr("Normal"), 0, icon_name="normal"),
            "unreadable": Pill(self.tr("Unreadable"), 0, icon_name="warning"),
        }
        group = QButtonGroup(self)
        for chip in chips.values():
            group.addButton(chip)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the images
            chip.clicked.connect(self._apply)
        chips["all"].setChecked(True)
        chips["unreadable"].hide()
        return chips

    def _make_search(self) -> SearchField:
        field = SearchField()
        field.setPlaceholderText(self.tr("Search names"))
        field.setAccessibleName(self.tr("Search file names"))
        field.setToolTip(self.tr("Show only images with this in their path (Ctrl+F)"))
        field.setClearButtonEnabled(True)
        field.addAction(icon("search", "text_muted"), QLineEdit.ActionPosition.LeadingPosition)
        field.setMinimumWidth(120)
        field.setMaximumWidth(260)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self._apply)
        field.textChanged.connect(lambda _: self._typing.start())
        field.left.connect(self.left)
        return field

    def _make_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(SMALLEST, LARGEST)
        slider.setValue(self._settings.tile)
        slider.setFixedWidth(90)
        slider.setAccessibleName(self.tr("Size of the images"))
        slider.setToolTip(self.tr("Size of the images (+ and −)"))
        slider.valueChanged.connect(self.tile_changed)
        return slider

    def _make_blur(self) -> QToolButton:
        button = self._tool("eye-off", self.tr("Blur sensitive images, and how much"))
        button.setCheckable(False)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.addAction(self._switch(self.tr("Blur sensitive images"), "blur"))
        menu.addSeparator()
        group = QActionGroup(menu)
        names = {
            Strength.LIGHT: self.tr("Lightly"),
            Strength.MEDIUM: self.tr("Well"),
            Strength.STRONG: self.tr("Beyond recognition"),
        }
        for strength, name in names.items():
            action = QAction(name, group, checkable=True)
            action.setChecked(strength == self._settings.strength)
            action.triggered.connect(lambda _=False, strength=strength: self._set("strength", int(strength)))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(self._switch(self.tr("Blurred images in grey"), "grey"))
        button.setMenu(menu)
        return button

    def _switch(self, text: str, name: str) -> QAction:
        action = QAction(text, self, checkable=True)
        action.setChecked(getattr(self._settings, name))
        action.toggled.connect(lambda on: self._set(name, on))
        return action

    def _set(self, name: str, value: int | bool) -> None:
        setattr(self._settings, name, value)
        self.look_changed.emit()

    def _tool(self, icon_name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(icon_name))
        button.setIconSize(QSize(18, 18))
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("role", "quiet")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def _apply(self) -> None:
        self._typing.stop()
        self.filter_changed.emit(self.filter)
