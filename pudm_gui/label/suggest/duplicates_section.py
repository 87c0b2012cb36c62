"""The part of the panel about near duplicates: one group at a time, labeled as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from pudm_gui import theme
from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.duplicates import Duplicates
from pudm_gui.label.suggest.previews import Previews
from pudm_gui.label.suggest.section import Section, button
from pudm_gui.label.suggest.strip import Strip
from pudm_gui.project.model import Label, Listing
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.parts import icon_button, note

if TYPE_CHECKING:
    from pudm_gui.suggest.model import Group


class DuplicatesSection(Section):
    """Browses the groups. Those that are labeled in part come first."""

    def __init__(
        self, context: LabelContext, duplicates: Duplicates, previews: Previews, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.heading.setText(self.tr("Near duplicates"))
        self._context, self._duplicates = context, duplicates
        self._place = 0
        self.browser = QWidget()
        rows = Section.column(self.browser)
        rows.addLayout(self._make_steps())
        self.strip = Strip(context.session.project, previews)
        self.strip.clicked.connect(self.show_group)
        rows.addWidget(self.strip)
        self.facts = note()
        rows.addWidget(self.facts)
        rows.addLayout(self._make_labels())
        self.all_button = button(self.tr("Show all groups"), self.tr("List them in the grid, one group after another"))
        self.all_button.clicked.connect(self.show_all)
        rows.addWidget(self.all_button)
        self.body.addWidget(self.browser)
        duplicates.changed.connect(self.refresh)
        context.session.labels_changed.connect(lambda _: self._refresh_group())
        self.refresh()

    @property
    def group(self) -> Group | None:
        """The one that is shown."""
        groups = self._duplicates.groups
        return groups[self._place] if groups and self._place < len(groups) else None

    def refresh(self) -> None:
        """Other groups were found."""
        groups, number = self._duplicates.groups, QLocale().toString
        self._place = 0
        self.browser.setVisible(bool(groups))
        if groups is None:
            self.say(self.failure() if self._duplicates.failed else self.tr("Comparing the images…"))
        elif not groups:
            self.say(self.tr("No image is there twice."))
        else:
            exact = sum(group.exact for group in groups)
            images = sum(len(group.ids) for group in groups)
            words = self.tr("{images} images in {groups} groups; one label is enough for a group.")
            copies = self.tr(" {n} groups are exact copies.").format(n=number(exact)) if exact else ""
            self.say(words.format(images=number(images), groups=number(len(groups))) + copies)
        self._show_group()

    def step(self, by: int) -> None:
        """Go on to another group, round and round."""
        if groups := self._duplicates.groups:
            self._place = (self._place + by) % len(groups)
            self._show_group()

    def show_group(self) -> None:
        """List the group in the grid."""
        if self.group is not None:
            self._context.show_listing(Listing(self.tr("Near duplicates"), self.group.ids))

    def show_all(self) -> None:
        """List every group in the grid, one after another."""
        if groups := self._duplicates.groups:
            ids = np.concatenate([group.ids for group in groups])
            self._context.show_listing(Listing(self.tr("All near duplicates"), ids))

    def mark(self, label: Label) -> None:
        """Label the whole group, then go on to the next."""
        if self.group is None:
            return
        self._context.actions.mark(self.group.ids, label)
        if not self._context.session.read_only:
            self.step(1)

    def _make_steps(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_XS)
        self.back = self._arrow("chevron-left", self.tr("The group before"), -1)
        self.forward = self._arrow("chevron-right", self.tr("The next group"), 1)
        self.where = QLabel()
        self.where.setProperty("role", "small")
        row.addWidget(self.back)
        row.addWidget(self.where, 1, Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self.forward)
        return row

    def _arrow(self, icon_name: str, tip: str, by: int) -> QToolButton:
        made = icon_button(icon_name, tip, 16)
        made.clicked.connect(lambda: self.step(by))
        return made

    def _make_labels(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_XS)
        self.label_buttons: dict[Label, QPushButton] = {}
        for label, text in ((Label.SENSITIVE, self.tr("All sensitive")), (Label.NORMAL, self.tr("All normal"))):
            made = button(text, self.tr("Label the whole group, and go on to the next"))
            made.setIcon(icon(label.word))
            made.setEnabled(not self._context.session.read_only)
            made.clicked.connect(lambda _=False, label=label: self.mark(label))
            self.label_buttons[label] = made
            row.addWidget(made, 1)
        return row

    def _show_group(self) -> None:
        group, number = self.group, QLocale().toString
        if group is None:
            self.strip.forget()
            return
        several = len(self._duplicates.groups or ())
        self.where.setText(self.tr("{n} of {total}").format(n=number(self._place + 1), total=number(several)))
        for arrow in (self.back, self.forward):
            arrow.setEnabled(several > 1)
        count = number(len(group.ids))
        kind = self.tr("{n} exact copies") if group.exact else self.tr("{n} near duplicates")
        self.facts.setText(kind.format(n=count))
        self.strip.show_images(group.ids, self.tr("{facts}: show them").format(facts=self.facts.text()))

    def _refresh_group(self) -> None:
        if self.group is not None:
            self.strip.refresh_labels()
