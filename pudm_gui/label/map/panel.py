"""The panel with the map, its legend, and its groups as a list."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLocale, QPoint, Qt, Signal
from PySide6.QtGui import QCloseEvent, QCursor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.map.hover import HoverPicture
from pudm_gui.label.map.legend import Legend
from pudm_gui.label.map.model import MapModel
from pudm_gui.label.map.points import Group
from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.features_card import FeaturesCard
from pudm_gui.label.suggest.previews import Previews
from pudm_gui.label.suggest.section import button
from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.project.model import Ids, Label, Listing
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.parts import icon_button, note
from pudm_gui.widgets.qt_types import MODULES, make_types

if TYPE_CHECKING:
    from pudm_gui.label.map.canvas import MapCanvas

ZOOM = 0.7
"""Of what is in sight, at a press of the button."""


class MapPanel(QFrame):
    """All images as points. What is chosen here is chosen in the grid, and the other way round.

    Signals
    -------
    wide_wanted
        Whether the side is to be wide.
    """

    wide_wanted = Signal(bool)

    def __init__(
        self, context: LabelContext, source: FeatureSource, previews: Previews, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._context, self._source, self._previews = context, source, previews
        self.model = MapModel(context.session, source, self)
        self.canvas: MapCanvas | None = None
        self.hover: HoverPicture | None = None
        self._following = True
        self._loader = OffThread(self, threads=1)
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        layout.setSpacing(theme.SPACE_S)
        self.card = FeaturesCard(context, source)
        layout.addWidget(self.card)
        self.body = self._make_body()
        layout.addWidget(self.body, 1)
        layout.addStretch(0)
        source.changed.connect(self._refresh)
        source.job.progressed.connect(lambda _: self._refresh())
        self.model.reset.connect(self._show_groups)
        self.model.changed.connect(self._show_counts)
        self.model.picked.connect(self._select_in_grid)
        context.view.selection_changed.connect(self._grid_selected)
        self._refresh()

    @property
    def busy(self) -> bool:
        """Whether the map is still to come, or to follow."""
        return self.canvas is None or self.model.points is None or self.model.busy

    def shown(self) -> None:
        """The panel came to the front."""
        self.model.begin()
        if self.canvas is None:  # on a thread: it would hold up the window for half a second
            for module in MODULES:
                make_types(module)
            self._loader.submit(lambda: import_module("pyqtgraph"), lambda _: self._make_canvas(), failed=self._give_up)
        self._grid_selected()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._loader.cancel_waiting()
        self._loader.wait()
        self.model.close()
        super().closeEvent(event)

    def show_chosen(self) -> None:
        """List the chosen images alone in the grid."""
        ids = self.model.chosen_ids
        if len(ids):
            self._context.show_listing(Listing(self.tr("Chosen on the map"), ids))

    # --- parts

    def _make_body(self) -> QWidget:
        body = QWidget()
        layout = self._body = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        layout.addLayout(self._make_tools())
        self.waiting = note(self.tr("Drawing the map…"))
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self.waiting, 3)
        self.legend = Legend()
        layout.addWidget(self.legend)
        chosen = QHBoxLayout()
        self.chosen = note()
        self.show_button = button(self.tr("Show only these"), self.tr("List the chosen images alone in the grid"))
        self.show_button.clicked.connect(self.show_chosen)
        chosen.addWidget(self.chosen, 1)
        chosen.addWidget(self.show_button)
        layout.addLayout(chosen)
        heading = QLabel(self.tr("Groups"))
        heading.setProperty("role", "strong")
        layout.addWidget(heading)
        self.groups = QListWidget()
        self.groups.setAccessibleName(self.tr("Groups of similar images"))
        self.groups.setMinimumHeight(90)
        self.groups.itemActivated.connect(self._choose_group)
        self.groups.itemClicked.connect(self._choose_group)
        layout.addWidget(self.groups, 1)
        return body

    def _make_tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        hint = note(self.tr("Draw around images, or click on a group"))
        row.addWidget(hint, 1)
        tools = (
            ("zoom-in", self.tr("Closer (+, or the wheel)"), lambda canvas: canvas.zoom(ZOOM)),
            ("fit", self.tr("Show all (Home)"), lambda canvas: canvas.fit()),
        )
        for icon_name, words, slot in tools:
            made = icon_button(icon_name, words, 16)
            made.clicked.connect(lambda _=False, slot=slot: self.canvas and slot(self.canvas))
            row.addWidget(made)
        self.wide = icon_button("widen", self.tr("Make the map wide, or narrow again"), 16)
        self.wide.setCheckable(True)
        self.wide.toggled.connect(self.wide_wanted)
        row.addWidget(self.wide)
        return row

    def _give_up(self) -> None:
        self.waiting.setText(self.tr("The map cannot be drawn. The log says why: Help, Show the log."))

    def _make_canvas(self) -> None:
        from pudm_gui.label.map.canvas import MapCanvas

        self.canvas = MapCanvas(self.model)
        self.hover = HoverPicture(self._previews, self.canvas)
        self.canvas.hovered.connect(self._show_hovered)
        self._body.replaceWidget(self.waiting, self.canvas)
        self._body.setStretch(self._body.indexOf(self.canvas), 3)
        self.waiting.hide()
        self.setTabOrder(self.wide, self.canvas)

    # --- following

    def _refresh(self) -> None:
        there = self._source.index is not None
        self.body.setVisible(there)
        self.card.setVisible(not there or self._source.job.active or self._source.missing > 0)

    def _show_groups(self) -> None:
        self.groups.clear()
        points = self.model.points
        for group in [] if points is None else points.groups:
            item = QListWidgetItem(self._group_words(group))
            item.setData(Qt.ItemDataRole.UserRole, group.cluster)
            self.groups.addItem(item)
        self._show_counts()

    def _group_words(self, group: Group) -> str:
        number = QLocale().toString
        parts = [self.tr("Group {n}").format(n=group.number), self.tr("{n} images").format(n=number(group.count))]
        if group.sensitive:
            parts.append(self.tr("{n} sensitive").format(n=number(group.sensitive)))
        if group.normal:
            parts.append(self.tr("{n} normal").format(n=number(group.normal)))
        return " · ".join(parts)

    def _show_counts(self) -> None:
        points, chosen = self.model.points, int(np.count_nonzero(self.model.chosen))
        totals = dict.fromkeys(Label, 0) if points is None else points.totals
        self.legend.show_counts({**{label.word: count for label, count in totals.items()}, "chosen": chosen})
        for place, group in enumerate([] if points is None else points.groups):
            self.groups.item(place).setText(self._group_words(group))
        self.show_button.setEnabled(chosen > 0)
        self.chosen.setText(self._chosen_words(chosen))

    def _chosen_words(self, chosen: int) -> str:
        if not chosen:
            return ""
        listed = len(self._context.model.places(self.model.chosen_ids))
        if listed == chosen:
            return self.tr("All chosen ones are in the list.")
        return self.tr("{n} of them are in the list.").format(n=QLocale().toString(listed))

    def _choose_group(self, item: QListWidgetItem) -> None:
        self.model.choose_cluster(int(item.data(Qt.ItemDataRole.UserRole)))

    def _select_in_grid(self, ids: Ids) -> None:
        view = self._context.view
        ranges = self._context.model.ranges_of(ids)
        self._following = False
        view.select(view.selection.replaced(ranges))
        self._following = True
        if ranges and not ranges & view.sight.range():
            view.sight.show(ranges.first())
        self._show_counts()

    def _grid_selected(self) -> None:
        if self._following and self.isVisible():
            self.model.follow(self._context.view.chosen_ids())

    def _show_hovered(self, place: int | None) -> None:
        points = self.model.points
        if self.hover is None or self.canvas is None:
            return
        if place is None or points is None or place >= len(points):
            self.hover.forget()
            return
        at: QPoint = self.canvas.mapFromGlobal(QCursor.pos())
        self.hover.show_image(int(points.ids[place]), Label(int(points.labels[place])), at)
