"""The bar above the grid: which images, in which order, how large, and how they are shown."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QToolButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.label.filter.chips import ConditionChips, ShowChips
from pudm_gui.label.filter.conditions import EMPTY
from pudm_gui.label.filter.facet_source import FacetSource
from pudm_gui.label.filter.form import FilterForm
from pudm_gui.label.filter.popover import Popover
from pudm_gui.label.filter.remark import Remark
from pudm_gui.label.filter.search_field import SearchField
from pudm_gui.label.filter.sorting import SortButton
from pudm_gui.label.filter.state import FilterState
from pudm_gui.label.filter.views import ViewsPanel
from pudm_gui.label.grid.view import LARGEST, SMALLEST
from pudm_gui.label.settings import LabelSettings
from pudm_gui.label.wellbeing.menu import WellbeingMenu
from pudm_gui.project.model import Counts, ImageFilter, Listing
from pudm_gui.session import Session
from pudm_gui.widgets.parts import icon_button

ROOM_FOR_WORDS = 1150
ROOM_FOR_SLIDER = 900
"""Pixels; in a narrower bar these give way."""


class FilterBar(QWidget):
    """Chips with counts, search, the filter form, order, saved views, the size of the tiles, and the eye.

    Signals
    -------
    filter_changed
        An `ImageFilter`.
    look_changed
        Something about covered pictures, the count or the pauses in the settings that were handed over.
    tile_changed
        Edge in pixels.
    close_up_toggled
        Whether the close-up is to be seen.
    left
        The person is done with the bar.
    """

    filter_changed = Signal(object)
    look_changed = Signal()
    tile_changed = Signal(int)
    close_up_toggled = Signal(bool)
    left = Signal()

    def __init__(self, settings: LabelSettings, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._told = EMPTY
        self.state = FilterState(self)
        self.facets = FacetSource(session, self)
        self.shows = ShowChips()
        self.chips = self.shows.chips
        self.search = self._make_search()
        self._form: FilterForm | None = None
        self.views = ViewsPanel(session, self.state, self)
        self.remark = Remark(self.search)
        self.conditions = ConditionChips()
        self._lay_out()
        self.shows.chosen.connect(self._show)
        self.conditions.dropped.connect(self.state.drop)
        self.views.shown.connect(self.left)
        self.state.changed.connect(self._refresh)
        self.state.text_changed.connect(self.search.show_text)
        self._refresh()

    @property
    def filter(self) -> ImageFilter:
        return self.state.filter

    @property
    def form(self) -> FilterForm:
        """Made at its first use: it takes as long as the rest of the bar."""
        if self._form is None:
            self._form = FilterForm(self.state, self.facets, self)
            self._form.as_text.clicked.connect(self._edit_as_text)
            self._form.clear.clicked.connect(self.show_all)
            self._form.closed.connect(self.left)
        return self._form

    @property
    def busy(self) -> bool:
        """Whether what there is to filter by is still being asked for."""
        return self.facets.busy

    def show_listing(self, listing: Listing | None) -> None:
        """List these images, in their order; None goes back to what was shown before."""
        self.state.show_listing(listing)

    def show_counts(self, counts: Counts) -> None:
        self.shows.show_counts(counts)

    def show_all(self) -> None:
        """Put every condition aside; the order stays."""
        present = self.state.filter
        wanted = (
            EMPTY if present.within is not None else replace(EMPTY, sort=present.sort, descending=present.descending)
        )
        self.state.show(wanted)

    def show_more(self) -> None:
        """Put the last condition aside: the words, or else the last chip."""
        if self.state.filter.text:
            self.search.clear()
            self.search.tell()
        elif self.state.chips:
            self.state.drop(self.state.chips[-1])
        else:
            self.state.change(show="all")

    def show_tile(self, edge: int) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(edge)
        self.slider.blockSignals(False)

    def open_views(self) -> None:
        """Find a saved view by its name."""
        self.views.open_below(self.views_button)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.facets.close()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sort.set_wide(self.width() >= ROOM_FOR_WORDS)
        self.slider.setVisible(self.width() >= ROOM_FOR_SLIDER)
        wide = self.width() >= ROOM_FOR_WORDS
        self.filter_button.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon if wide else Qt.ToolButtonStyle.ToolButtonIconOnly
        )

    # --- parts

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self.shows)
        first.addStretch(1)
        self.filter_button = icon_button("filter", self.tr("Filter by tag, folder, size, date and more"))
        self.filter_button.clicked.connect(lambda: self.form.open_below(self.filter_button))
        self.filter_button.setText(self.tr("Filter"))
        self.sort = SortButton(self.state)
        self.views_button = self._popping("bookmark", self.tr("Saved views (Ctrl+K)"), self.views)
        self.slider = self._make_slider()
        self.blur = self._make_blur()
        self.close_up = icon_button("info", self.tr("Close-up: show the chosen image and what is known of it"))
        self.close_up.setCheckable(True)
        self.close_up.setChecked(self._settings.close_up)
        self.close_up.toggled.connect(self.close_up_toggled)
        first.addWidget(self.search, 1)
        for part in (self.filter_button, self.sort, self.views_button):
            first.addWidget(part)
        first.addSpacing(theme.SPACE_XS)
        for control in (self.slider, self.blur, self.close_up):
            first.addWidget(control)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_S)
        layout.setSpacing(theme.SPACE_S)
        layout.addLayout(first)
        layout.addWidget(self._make_second())

    def _make_second(self) -> QWidget:
        """The conditions, and the way to be rid of them all."""
        self._second = QWidget()
        row = QHBoxLayout(self._second)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        self.clear = QPushButton(self.tr("Clear all"))
        self.clear.setProperty("role", "status-link")
        self.clear.setToolTip(self.tr("Put every condition aside"))
        self.clear.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear.clicked.connect(self.show_all)
        row.addWidget(self.conditions, 1)
        row.addWidget(self.clear, alignment=Qt.AlignmentFlag.AlignTop)
        return self._second

    def _make_search(self) -> SearchField:
        field = SearchField(self.facets)
        field.setToolTip(
            self.tr(
                "Part of a path, and conditions such as tag:face size:>2mb date:2024-05 sort:-size (Ctrl+F). "
                "Ctrl+Space shows them all."
            )
        )
        field.typed.connect(self.state.type)
        field.committed.connect(self._commit)
        field.left.connect(self.left)
        field.back.connect(self.state.take_back)
        return field

    def _make_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(SMALLEST, LARGEST)
        slider.setValue(self._settings.tile)
        slider.setFixedWidth(80)
        slider.setAccessibleName(self.tr("Size of the images"))
        slider.setToolTip(self.tr("Size of the images (+ and −)"))
        slider.valueChanged.connect(self.tile_changed)
        return slider

    def _make_blur(self) -> QToolButton:
        self.wellbeing = WellbeingMenu(self._settings, self)
        self.wellbeing.changed.connect(self.look_changed)
        return self._popping("eye-off", self.tr("How sensitive images are shown, and pauses"), self.wellbeing)

    def _popping(self, icon_name: str, tip: str, panel: Popover) -> QToolButton:
        button = icon_button(icon_name, tip)
        button.clicked.connect(lambda: panel.open_below(button))
        panel.closed.connect(self.left)
        return button

    # --- following

    def _refresh(self) -> None:
        filter_ = self.state.filter
        self.shows.choose("changed" if filter_.show == "all" and filter_.changed else filter_.show)
        chips = self.state.chips
        self.conditions.show_conditions(chips)
        self._second.setVisible(bool(chips))
        self.clear.setFixedHeight(max(self.conditions.sizeHint().height(), 1))  # on a line with the first row
        self.remark.show_problem(self.state.problem)
        if filter_ != self._told:
            self._told = filter_
            self.filter_changed.emit(filter_)

    def _show(self, name: str) -> None:
        if name == "changed":
            self.state.change(show="all", changed=True)
        else:
            self.state.change(
                show=name, changed=False if self.state.filter.show == "all" else self.state.filter.changed
            )

    def _commit(self) -> None:
        if self.state.commit():
            self.left.emit()
        else:
            self.remark.insist()

    def _edit_as_text(self) -> None:
        self.form.close()
        self.state.spell_out()
        self.search.setFocus()
        self.search.end(False)
