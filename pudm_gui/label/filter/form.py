"""The panel behind "Filter": every condition there is, with what occurs in the project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.filter.facet_source import FacetSource
from pudm_gui.label.filter.form_fields import RangeFields, Values, WordField
from pudm_gui.label.filter.phrases import source_name
from pudm_gui.label.filter.popover import Popover
from pudm_gui.label.filter.quantities import (
    read_bytes,
    read_dates,
    read_pixels,
    read_range,
    write_bytes,
    write_from,
    write_range,
    write_until,
)
from pudm_gui.label.filter.state import FilterState
from pudm_gui.widgets.parts import rule
from pudm_gui.widgets.pill import Pill

WIDTH = 480
NAMES_WIDTH = 96


class FilterForm(Popover):
    """Shows and changes the filter's state; each change counts at once."""

    def __init__(self, state: FilterState, source: FacetSource, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._source = state, source
        self.setFixedWidth(WIDTH)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(theme.SPACE_M)
        self._form.setVerticalSpacing(theme.SPACE_M)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._add_tags()
        self._add_labels()
        self._add_folder()
        self._add_ranges()
        self._lay_out()
        state.changed.connect(self.refresh)
        source.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Show what the state and the project have now."""
        if not self.isVisible():
            return
        filter_, known = self._state.filter, self._source.facets
        self.tags.show_values(known.tags, filter_.tags)
        self.tags.setVisible(bool(self.tags.pills))
        self.tag.set_words(known.tags)
        self.untagged.setChecked(filter_.untagged)
        self.sources.show_values(known.sources, filter_.sources)
        self.annotators.show_values(known.annotators, filter_.annotators)
        for values in (self.sources, self.annotators):
            self._form.setRowVisible(values, bool(values.pills))
        self.folder.set_words(known.folders)
        if not self.folder.hasFocus() or not filter_.folder:
            self.folder.setText(filter_.folder)
            self.folder.setCursorPosition(0)
        self.size_range.show_range(filter_.size)
        self.dates.show_range(filter_.modified)
        self.edge.show_range(filter_.edge)
        self.file_changed.setChecked(filter_.changed)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._source.want()
        self.refresh()
        self.tag.setFocus()

    # --- parts

    def _add_tags(self) -> None:
        box = QVBoxLayout()
        box.setSpacing(theme.SPACE_S)
        self.tags = Values()
        self.tags.ticked.connect(lambda tag, on: self._tick("tags", tag, on))
        self.tag = WordField(self.tr("Find a tag"), self.tr("Tag"))
        self.tag.chosen.connect(self._add_tag)
        self.untagged = QCheckBox(self.tr("Without a tag"))
        self.untagged.clicked.connect(lambda on: self._state.change(untagged=on))
        for part in (self.tag, self.tags, self.untagged):
            box.addWidget(part)
        self._add(self.tr("Tags, any of"), box)

    def _add_labels(self) -> None:
        self.sources = Values(source_name)
        self.sources.ticked.connect(lambda value, on: self._tick("sources", value, on))
        self.annotators = Values()
        self.annotators.ticked.connect(lambda value, on: self._tick("annotators", value, on))
        self._add(self.tr("Label given"), self.sources)
        self._add(self.tr("Labeled by"), self.annotators)
        self.file_changed = QCheckBox(self.tr("Only files that changed since they were labeled"))
        self.file_changed.clicked.connect(lambda on: self._state.change(changed=on))

    def _add_folder(self) -> None:
        self.folder = WordField(self.tr("Any folder"), self.tr("Folder"))
        self.folder.setClearButtonEnabled(True)
        self.folder.chosen.connect(self._set_folder)
        self.folder.textChanged.connect(lambda text: None if text else self._set_folder(""))
        self._add(self.tr("Folder"), self.folder)

    def _add_ranges(self) -> None:
        self.size_range = RangeFields(
            self.tr("File size"),
            (self.tr("such as 500 kb"), self.tr("such as 2 mb")),
            lambda text: read_range(text, read_bytes),
            lambda bounds: _without_equals(write_range(bounds, write_bytes)),
        )
        self.size_range.changed.connect(lambda bounds: self._state.change(size=bounds))
        self.edge = RangeFields(
            self.tr("Shorter side"),
            (self.tr("pixels"), self.tr("pixels")),
            lambda text: read_range(text, read_pixels),
            lambda bounds: _without_equals(write_range(bounds)),
        )
        self.edge.changed.connect(lambda bounds: self._state.change(edge=bounds))
        self.dates = RangeFields(
            self.tr("Date"), (self.tr("such as 2024-01"), self.tr("such as 2024-06-30")), read_dates, _date_end
        )
        self.dates.changed.connect(lambda bounds: self._state.change(modified=bounds))
        self._add(self.tr("File size"), self.size_range)
        self._add(self.tr("Shorter side"), self.edge)
        box = QVBoxLayout()
        box.setSpacing(theme.SPACE_S)
        box.addWidget(self.dates)
        box.addLayout(self._recent())
        self._add(self.tr("Date"), box)
        self._form.addRow("", self.file_changed)

    def _recent(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        spans: dict[str, Callable[[date], str]] = {
            self.tr("Today"): lambda today: f"{today}",
            self.tr("Last 7 days"): lambda today: f">={today - timedelta(days=6)}",
            self.tr("This year"): lambda today: f"{today:%Y}",
        }
        for words, span in spans.items():
            pill = Pill(words)
            pill.setCheckable(False)
            pill.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            pill.clicked.connect(lambda _=False, span=span: self._state.change(modified=read_dates(span(date.today()))))
            row.addWidget(pill)
        row.addStretch(1)
        return row

    def _add(self, name: str, field: QWidget | QVBoxLayout) -> None:
        label = QLabel(name)
        label.setProperty("role", "muted")
        label.setFixedWidth(NAMES_WIDTH)
        label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        label.setContentsMargins(0, 6, 0, 0)
        self._form.addRow(label, field)

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        inside.setLayout(self._form)
        self._form.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        footer = QHBoxLayout()
        footer.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_S)
        self.as_text = self._quiet(self.tr("Edit as text"), self.tr("Write all conditions into the search field"))
        self.clear = self._quiet(self.tr("Clear all"), self.tr("Put every condition aside"))
        footer.addWidget(self.as_text)
        footer.addStretch(1)
        footer.addWidget(self.clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(rule())
        layout.addLayout(footer)

    def _quiet(self, words: str, tip: str) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("role", "quiet")
        button.setToolTip(tip)
        button.setAutoDefault(False)
        return button

    def _fit(self) -> None:
        """As high as what is in it, where the screen has the room."""
        self._form.activate()
        wanted = self._form.totalHeightForWidth(WIDTH - 2)
        room = self.screen().availableGeometry().bottom() - self.y() - theme.SPACE_S
        footer = self.as_text.sizeHint().height() + 2 * theme.SPACE_S + 6
        self.resize(WIDTH, min(wanted + footer, max(room, 240)))

    # --- what the person does

    def _tick(self, field: str, value: str, on: bool) -> None:
        present = getattr(self._state.filter, field)
        self._state.change(**{field: (*present, value) if on else tuple(one for one in present if one != value)})

    def _add_tag(self, tag: str) -> None:
        if tag and tag in self._source.facets.tags:
            self.tag.clear()
            if tag not in self._state.filter.tags:
                self._tick("tags", tag, True)

    def _set_folder(self, text: str) -> None:
        folder = "/".join(part for part in text.split("/") if part)
        if folder != self._state.filter.folder:
            self._state.change(folder=folder)


def _without_equals(written: str) -> str:
    """One end of a range of numbers, as its field shows it: "64", or "> 10kb" where that is rounder."""
    return written.removeprefix(">=").removeprefix("<=")


def _date_end(bounds: tuple[float | None, float | None]) -> str:
    """One end of a range of dates, as its field shows it: the last period that counts, not the first that does not."""
    start, end = bounds
    if start is not None:
        return write_from(start)
    return write_until(end) if end is not None else ""
