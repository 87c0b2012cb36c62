"""The actions of the Label page with their keys. The window's Edit menu lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from pudm_gui.label.grid.ranges import RangeSet
from pudm_gui.label.suggest.finding import FIND, MAP
from pudm_gui.project.model import Label
from pudm_gui.widgets.icons import icon

if TYPE_CHECKING:
    from pudm_gui.label.page import LabelPage

TILE_STEP = 16


class Keys(QObject):
    """Adds the actions to the page."""

    def __init__(self, page: LabelPage) -> None:
        super().__init__(page)
        self._page = page
        view, labeling, actions = page.view, page.labeling, page.actions_on_labels
        standard = QKeySequence.StandardKey
        editing = [
            self._add(self.tr("Mark &sensitive"), lambda: labeling.mark(Label.SENSITIVE), "S", icon_name="sensitive"),
            self._add(self.tr("Mark &normal"), lambda: labeling.mark(Label.NORMAL), "N", icon_name="normal"),
            self._add(self.tr("Clear the &label"), lambda: labeling.mark(Label.UNLABELED), "U"),
        ]
        editing.append(self._add(self.tr("Add a &tag"), self._add_tag, "T", icon_name="tag"))
        self.for_images = list(editing)
        """What can be done with the chosen images."""
        self._separate()
        editing += [
            self._add(self.tr("&Undo"), actions.undo, standard.Undo, icon_name="undo"),
            self._add(self.tr("&Redo"), actions.redo, "Ctrl+Shift+Z", "Ctrl+Y", icon_name="redo"),
        ]
        self._separate()
        self._add(self.tr("Select &all"), lambda: self._select(RangeSet([(0, len(page.model))])), standard.SelectAll)
        self._add(self.tr("Select n&othing"), self._select_nothing, "Esc", on=view)
        self._add(self.tr("&Invert the selection"), self._invert, "Ctrl+I")
        self._add(self.tr("&Bring the last selection back"), self.bring_selection_back, "Ctrl+Shift+D")
        self._separate()
        self._add(self.tr("Go to the ne&xt unlabeled image"), labeling.jump, ".", "Ctrl+Right")
        self._add(
            self.tr("Go to the &previous unlabeled image"), lambda: labeling.jump(backwards=True), ",", "Ctrl+Left"
        )
        self._separate()
        finding = page.finding
        show_similar = finding.similar.show_for_selection
        self.for_images.append(
            self._add(self.tr("Images like the &chosen ones"), show_similar, "M", icon_name="similar")
        )
        self._add(self.tr("Most li&kely sensitive"), finding.suggest, "G", icon_name="find-more")
        editing += [
            self._add(self.tr("Accept the suggestion: sensitive"), finding.judging.accept, "A"),
            self._add(self.tr("Reject the suggestion: normal"), finding.judging.reject, "X"),
        ]
        self._separate()
        look = self._add(self.tr("&Look closely"), page.closely.open, "Space", "Return", on=view, icon_name="zoom-in")
        self.for_images.append(look)
        self._add(self.tr("&Find a name"), self._search, standard.Find, icon_name="search")
        self._add(self.tr("Saved &views"), page.bar.open_views, "Ctrl+K", icon_name="bookmark")
        self._add(self.tr("&Put away what no longer belongs here"), page.finding.put_away, "Ctrl+R")
        self._add(self.tr("&Hide every picture"), self._toggle_hidden, "H", icon_name="eye-off")
        self._add(self.tr("Lar&ger images"), lambda: self._resize(TILE_STEP), "+", "=", "Ctrl++", "Ctrl+=", on=view)
        self._add(self.tr("S&maller images"), lambda: self._resize(-TILE_STEP), "-", "Ctrl+-", on=view)
        self._separate()
        self._add(self.tr("Find mo&re"), lambda: page.show_panel(FIND), "Ctrl+Shift+F", icon_name="find-more")
        self._add(self.tr("&Map of all images"), lambda: page.show_panel(MAP), "Ctrl+Shift+M", icon_name="map")
        self._add(self.tr("Histor&y"), lambda: page.show_panel("history"), "Ctrl+Shift+H", icon_name="history")
        self._add(self.tr("Peopl&e"), lambda: page.show_panel("people"), "Ctrl+Shift+P", icon_name="people")
        editing += [self._add(self.tr("Import la&bels…"), lambda: page.exchange.start_import(), icon_name="import")]
        self._add(self.tr("Exp&ort labels…"), lambda: page.exchange.start_export(), icon_name="export")
        self._separate()
        self._add(self.tr("Prepare all &thumbnails"), page.prepare_thumbnails)
        # Read-only keys stay enabled: pressing one says why nothing happens, a dead key would not.
        if page.session.read_only:
            for action in editing:
                action.setToolTip(self.tr("Another window has this project open"))

    def _add(
        self,
        text: str,
        slot: Callable[[], object],
        *keys: str | QKeySequence.StandardKey,
        on: QWidget | None = None,
        icon_name: str | None = None,
    ) -> QAction:
        """An action of the whole page, or of the one widget `on` where its keys mean something else elsewhere."""
        action = QAction(text, self._page)
        if icon_name is not None:
            action.setIcon(icon(icon_name))
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(
            Qt.ShortcutContext.WidgetWithChildrenShortcut if on is None else Qt.ShortcutContext.WidgetShortcut
        )
        action.triggered.connect(lambda _=False: slot())
        self._page.addAction(action)
        if on is not None:
            on.addAction(action)
        return action

    def _separate(self) -> None:
        line = QAction(self._page)
        line.setSeparator(True)
        self._page.addAction(line)

    def _select(self, chosen: RangeSet) -> None:
        view = self._page.view
        view.select(view.selection.replaced(chosen))

    def _select_nothing(self) -> None:
        view = self._page.view
        view.select(view.selection.cleared())

    def _invert(self) -> None:
        view = self._page.view
        self._select(RangeSet([(0, len(self._page.model))]) - view.selection.chosen)

    def bring_selection_back(self) -> None:
        """Choose again what a stray click has thrown away."""
        view = self._page.view
        view.select(view.selection.restored())
        if view.selection.chosen and not view.selection.chosen & view.sight.range():
            view.sight.show(view.selection.chosen.first())

    def _add_tag(self) -> None:
        page = self._page
        page.closely.close()
        if page.tagging.can_tag():
            page.show_panel("image")
            page.close_up.tags.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _search(self) -> None:
        self._page.closely.close()
        self._page.bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._page.bar.search.selectAll()

    def _toggle_hidden(self) -> None:
        session = self._page.session
        session.hide_everything = not session.hide_everything

    def _resize(self, step: int) -> None:
        self._page.set_tile(self._page.view.tile + step)
