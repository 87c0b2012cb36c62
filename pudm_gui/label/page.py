"""The Label page: filter bar, grid, close-up and hints, put together."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from pudm_gui.jobs import JobRunner
from pudm_gui.label.actions import LabelActions
from pudm_gui.label.close_up import CloseUp
from pudm_gui.label.closely import Closely
from pudm_gui.label.empty import EmptyStates
from pudm_gui.label.exchange.drops import TableDrops
from pudm_gui.label.exchange.exchange import Exchange
from pudm_gui.label.filter.bar import FilterBar
from pudm_gui.label.grid.model import GridModel
from pudm_gui.label.grid.thumbnails import Thumbnails
from pudm_gui.label.grid.view import GridView
from pudm_gui.label.grid_menu import GridMenu
from pudm_gui.label.hint_line import HintLine
from pudm_gui.label.history.panel import HistoryPanel
from pudm_gui.label.keys import Keys
from pudm_gui.label.labeling import Labeling
from pudm_gui.label.look import LookView
from pudm_gui.label.people.name import use_remembered_name
from pudm_gui.label.people.panel import PeoplePanel
from pudm_gui.label.preparing import Preparing
from pudm_gui.label.settings import LabelSettings
from pudm_gui.label.shown_image import ShownImage
from pudm_gui.label.side import LabelContext, SidePanels
from pudm_gui.label.suggest.finding import Finding
from pudm_gui.label.tags.stock import TagStock
from pudm_gui.label.tags.tagging import Tagging
from pudm_gui.label.wellbeing.wellbeing import Wellbeing
from pudm_gui.project.model import Counts
from pudm_gui.project.thumbnails import ThumbnailCache
from pudm_gui.session import Session
from pudm_gui.widgets.rail import RailState

FOLLOW_MS = 40
"""The close-up follows when the keyboard has stood still for so long: holding an arrow down stays smooth."""
SIDE_WIDTH = 300


class LabelPage(QWidget):
    """Browse the images of a project and label them.

    Signals
    -------
    rail_state
        A `RailState`: how many sensitive images there are.
    activity
        An `Activity` of the background: thumbnails are being prepared. None when there is none.
    go_to
        Name of a page to go to.
    """

    rail_state = Signal(object)
    activity = Signal(object)
    go_to = Signal(str)

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.settings = LabelSettings.load()
        use_remembered_name(session.project)
        self._cache = None if session.read_only else ThumbnailCache(session.project.path)
        self.model = GridModel(session.project, self)
        self.thumbnails = Thumbnails(self._cache, self)
        self.preparing = Preparing(session, self.thumbnails, self._cache, self)
        self.view = GridView(self.model, self.thumbnails)
        self.bar = FilterBar(self.settings, session)
        self.tags = TagStock(session, self)
        self.close_up = CloseUp(self.tags, editable=not session.read_only)
        self.look = LookView()
        self.hints = HintLine(self.settings)
        self.empty = EmptyStates(session)
        self.actions_on_labels = LabelActions(session, self)
        self.stack = QStackedWidget()
        for widget in (self.empty, self.view, self.look):
            self.stack.addWidget(widget)
        self.closely = Closely(self.stack, self.view, self.look, self)
        self.labeling = Labeling(
            self.view, self.actions_on_labels, self.hints, self.settings, lambda: self.looking, self
        )
        self.tagging = Tagging(
            session,
            self.view,
            self.actions_on_labels,
            self.close_up.tag_editor,
            self.tags,
            self.hints,
            lambda: self.looking,
            self,
        )
        self.shown_image = ShownImage(
            session, self.model, self.thumbnails, self.close_up, self.look, self.settings, self
        )
        self.context = LabelContext(
            session=session,
            jobs=jobs,
            model=self.model,
            view=self.view,
            thumbnails=self.thumbnails,
            actions=self.actions_on_labels,
            settings=self.settings,
            show_listing=self.bar.show_listing,
        )
        self._former = self.view.selection.former
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW_MS)
        self.side = SidePanels()
        self.finding = Finding(self.context, self.hints, self._cache, self)
        self._add_panels()
        self.wellbeing = Wellbeing(self.context, self.shown_image, self)
        self._lay_out()
        self._exchange: Exchange | None = None
        self._drops = TableDrops(self)
        self.keys = Keys(self)
        self.menu = GridMenu(self.view, self.keys.for_images, self)
        self._connect_session()
        self._connect_grid()
        self._connect_panels()
        self.set_tile(self.settings.tile)
        self._apply_look()
        self.model.reload()

    @property
    def exchange(self) -> Exchange:
        """Importing and exporting. Made at its first use: it takes as long as a third of all else."""
        if self._exchange is None:
            self._exchange = Exchange(self)
        return self._exchange

    @property
    def looking(self) -> bool:
        """Whether one image fills the page."""
        return self.closely.looking

    @property
    def busy(self) -> bool:
        """Whether anything that belongs on the screen is still to come."""
        return (
            self.actions_on_labels.busy
            or self.model.busy
            or self.view.busy
            or self._follow.isActive()
            or self.shown_image.busy
            or self.tagging.busy
        )

    # --- what the window calls

    def shown(self) -> None:
        """The page came to the front."""
        if self._exchange is not None and self._exchange.open:
            self._exchange.sheet.take_focus()
        else:
            (self.look if self.looking else self.view).setFocus()
        self._tell_rail(self.model.counts)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.settings.save()
        self.close_up.tags.clearFocus()  # what is being typed there counts
        if self._exchange is not None:
            self._exchange.close()
        self.side.close_panels()
        self.finding.close()
        self.bar.close()
        self.tagging.close()
        self.actions_on_labels.close()  # what was asked for is done before the project is closed
        self.model.close()
        self.shown_image.close()
        self.preparing.close()
        self.thumbnails.close()
        if self._cache is not None:
            self._cache.close()
            self._cache = None
        super().closeEvent(event)

    # --- what the person does

    def choose_folder(self) -> None:
        """Ask for a folder of images and add it."""
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of images"), start)
        if chosen:
            self.add_folder(Path(chosen))

    def add_folder(self, folder: Path) -> None:
        """Add a folder of images to the project and look into it."""
        self.session.add_folder(folder)

    def prepare_thumbnails(self) -> None:
        """Make the thumbnails of all images, of the size that is seen now."""
        if not self.preparing.possible:
            self.hints.tell(self.tr("Another window has this project open, so no thumbnails are kept here"))
        elif self.preparing.under_way:
            self.hints.tell(self.tr("Thumbnails are being prepared; how far that is stands in the last line"))
        else:
            self.preparing.start(self.view.picture_edge)

    def set_tile(self, edge: int) -> None:
        self.view.set_tile(edge)
        self.settings.tile = self.view.tile
        self.bar.show_tile(self.view.tile)

    def set_close_up(self, visible: bool) -> None:
        self.settings.close_up = visible
        self._show_close_up()
        self.shown_image.refresh()

    def show_panel(self, name: str) -> None:
        """Bring a panel at the side to the front, also where the side is put away."""
        self.closely.close()
        self.bar.close_up.setChecked(True)
        self.side.show_panel(name)

    def set_side_wide(self, wide: bool) -> None:
        """Give the side half of the page, or its usual width."""
        whole = self.splitter.width()
        side = whole // 2 if wide else SIDE_WIDTH
        self.splitter.setSizes([whole - side, side])

    # --- putting together

    def _add_panels(self) -> None:
        self.side.add("image", self.tr("The chosen image"), "info", lambda: self.close_up)
        self.finding.add_panels(self.side)
        self.side.add("history", self.tr("History"), "history", lambda: HistoryPanel(self.context))
        self.side.add(
            "people",
            self.tr("People"),
            "people",
            lambda: PeoplePanel(
                self.context, lambda: self.exchange.start_import(), lambda: self.exchange.start_export()
            ),
        )
        self.side.show_panel("image")

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.stack)
        self.splitter.addWidget(self.side)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([3 * SIDE_WIDTH, SIDE_WIDTH])
        self.side.hide()  # until there is anything to show in it
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self.wellbeing.pause)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.hints)
        self.hints.show_keys_of_grid()
        self.hints.add_at_right(self.wellbeing.count)

    def _connect_session(self) -> None:
        session = self.session
        session.labels_changed.connect(self.model.take_over)
        session.images_changed.connect(self.model.reload_soon)
        session.scan_finished.connect(lambda _: self.thumbnails.forget_problems())
        session.scan_finished.connect(lambda _: self.preparing.take_up(self.view.picture_edge))
        session.hide_everything_changed.connect(lambda _: self._apply_look())

    def _connect_grid(self) -> None:
        self.model.changed.connect(self._list_changed)
        self.model.reset.connect(lambda _: self._list_changed())
        self.preparing.activity.connect(self.activity)
        self.preparing.told.connect(self.hints.tell)
        self.model.counts_changed.connect(self._counts_changed)
        self.view.selection_changed.connect(self._selection_changed)
        self.closely.changed.connect(self._look_changed)
        self.closely.moved.connect(self._show_current)
        self.view.marked.connect(self.labeling.toggle)
        self.view.tile_changed.connect(self.set_tile)
        self.view.peeking.connect(self.shown_image.peek)
        self._follow.timeout.connect(self._show_current)

    def _connect_panels(self) -> None:
        self.bar.filter_changed.connect(self.model.set_filter)
        self.bar.look_changed.connect(self._apply_look)
        self.bar.tile_changed.connect(self.set_tile)
        self.bar.close_up_toggled.connect(self.set_close_up)
        self.bar.left.connect(self.view.setFocus)
        self.side.changed.connect(lambda _: self.shown_image.refresh())
        self.close_up.marked.connect(self.labeling.mark_shown)
        self.close_up.similar_wanted.connect(self.finding.similar.show_for_selection)
        self.close_up.tags.returnPressed.connect(self.view.setFocus)
        self.close_up.look_wanted.connect(self.closely.open)
        self.close_up.peeked.connect(self.shown_image.peek)
        self.look.peeked.connect(self.shown_image.peek)
        self.hints.put_away.connect(self.finding.put_away)
        self.finding.panel_wanted.connect(self.show_panel)
        self.finding.wide_wanted.connect(self.set_side_wide)
        self.hints.bring_back.connect(self.keys.bring_selection_back)
        self.hints.going_on.chosen.connect(self._go_on_by)
        self._drops.dropped.connect(lambda table: self.exchange.read(table))
        self.empty.folder_wanted.connect(self.choose_folder)
        self.empty.all_wanted.connect(self.bar.show_all)
        self.empty.less_wanted.connect(self.bar.show_more)

    # --- following

    def _list_changed(self) -> None:
        self.hints.show_moved(self.model.moved_count())
        self._show_keys()
        self._show_stack()
        self._show_current()

    def _counts_changed(self, counts: Counts) -> None:
        self.bar.show_counts(counts)
        self._show_close_up()
        self._show_stack()
        self._tell_rail(counts)

    def _selection_changed(self) -> None:
        selection = self.view.selection
        self.hints.show_chosen(len(selection.chosen))
        if selection.former is not self._former:
            self._former = selection.former
            lost = len(selection.former)
            self.hints.offer_former(lost if lost > 1 and selection.chosen != selection.former else 0)
        self._follow.start()

    def _show_current(self) -> None:
        self._follow.stop()
        self.shown_image.show(self.view.selection.current)
        self.tagging.show()

    def _show_stack(self) -> None:
        empty = self.empty.show_for(self.model)
        if self.looking and not empty:
            return
        if self.looking:
            self.closely.leave()
        if self.stack.currentWidget() is self.empty and not empty and not self.bar.search.hasFocus():
            self.view.setFocus()
        self.stack.setCurrentWidget(self.empty if empty else self.view)

    def _look_changed(self) -> None:
        self.bar.setVisible(not self.looking)
        self._show_close_up()
        self._show_keys()

    def _show_keys(self) -> None:
        if self.looking:
            self.hints.show_keys_of_look(judging=self.finding.judges)
        else:
            self.hints.show_keys_of_grid(judging=self.finding.judges)

    def _show_close_up(self) -> None:
        self.side.setVisible(self.settings.close_up and not self.looking and self.model.counts.total > 0)

    def _apply_look(self) -> None:
        self.view.set_cover(self.settings.veil, self.settings.cover)
        self.view.set_editable(not self.session.read_only)
        self.view.set_hidden(self.session.hide_everything)
        self.shown_image.refresh()
        self.finding.previews.refresh()
        self.wellbeing.apply()

    def _go_on_by(self, advance: bool, skip_labeled: bool) -> None:
        self.settings.advance, self.settings.skip_labeled = advance, skip_labeled

    def _tell_rail(self, counts: Counts) -> None:
        self.rail_state.emit(RailState(text=f"{counts.sensitive:,}" if counts.sensitive else ""))
