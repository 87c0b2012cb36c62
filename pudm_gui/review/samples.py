"""The samples of an evaluation: two grids that move as one, or one pair large."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from pudm_gui.review.pair_view import PairView
from pudm_gui.review.sample_files import Order, SampleFiles
from pudm_gui.theme import SPACE_L, SPACE_S
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.sample_grid import LARGEST_TILE, SMALLEST_TILE, TILE, SampleGrid


class SamplePanel(QWidget):
    """Before at the left, after at the right; blurred until the person says otherwise."""

    looking_closely = Signal(bool)
    """A pair is shown large, or no longer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files = SampleFiles()
        self._hidden = False
        self.before, self.after = SampleGrid(), SampleGrid()
        self.before.setAccessibleName(self.tr("Samples before"))
        self.after.setAccessibleName(self.tr("Samples after"))
        self.before.join(self.after)
        self.pair = PairView()
        self.pair.controls.hide()
        self.stack = QStackedWidget()
        self.stack.addWidget(self._grids())
        self.stack.addWidget(self.pair)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addLayout(self._header())
        layout.addWidget(self.stack, 1)
        for grid in (self.before, self.after):
            grid.activated.connect(self.open_pair)
        self.pair.closed.connect(self.close_pair)
        self.pair.moved.connect(self.after.set_current)
        self._write()

    def _header(self) -> QHBoxLayout:
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.order = QComboBox()
        self.order.setAccessibleName(self.tr("Order of the samples"))
        self.order.currentIndexChanged.connect(self._show_in_order)
        self.order.hide()
        self.zoom = QSlider(Qt.Orientation.Horizontal)
        self.zoom.setRange(SMALLEST_TILE, LARGEST_TILE)
        self.zoom.setValue(TILE)
        self.zoom.setFixedWidth(120)
        self.zoom.setAccessibleName(self.tr("Size of the samples"))
        self.zoom.setToolTip(self.tr("Size of the samples"))
        self.zoom.valueChanged.connect(self.after.set_tile)
        self.reveal = QToolButton()
        self.reveal.setCheckable(True)
        self.reveal.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.reveal.setText(self.tr("Show clearly"))
        self.reveal.setToolTip(self.tr("Show all samples without blur (R)"))
        self.reveal.toggled.connect(self._set_revealed)
        key = QShortcut(QKeySequence(Qt.Key.Key_R), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(self.reveal.toggle)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addWidget(self.note, 1)
        row.addWidget(self.pair.controls, 1)
        row.addWidget(self.order)
        row.addWidget(self.zoom)
        row.addWidget(self.reveal)
        return row

    def _grids(self) -> QWidget:
        self.after_heading = QLabel()
        self.before_column = _column(QLabel(self.tr("Before")), self.before)
        self.after_column = _column(self.after_heading, self.after)
        grids = QWidget()
        row = QHBoxLayout(grids)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_L)
        row.addWidget(self.before_column, 1)
        row.addWidget(self.after_column, 1)
        return grids

    def set_files(self, files: SampleFiles) -> None:
        """Show the samples of another evaluation."""
        self._files = files
        self.before_column.setVisible(bool(files.before))
        self.after_heading.setText(
            self.tr("After, same seeds") if files.before else self.tr("Samples of the new model")
        )
        self._offer_orders(files)
        self._show_in_order()

    def _offer_orders(self, files: SampleFiles) -> None:
        self.order.blockSignals(True)
        self.order.clear()
        self.order.addItem(self.tr("In order of their seeds"), Order.SEED)
        self.order.addItem(self.tr("Judged sensitive after, first"), Order.AFTER)
        if files.before:
            self.order.addItem(self.tr("Judged sensitive before, first"), Order.BEFORE)
        self.order.blockSignals(False)
        self.order.setVisible(files.judged)

    def _show_in_order(self) -> None:
        shown = self._files.ordered(self.order.currentData() or Order.SEED)
        for grid, samples in ((self.before, shown.before), (self.after, shown.after)):
            grid.set_files([sample.file for sample in samples], [sample.sensitive for sample in samples])
        self.pair.set_files(shown)
        self.close_pair()
        self._write()

    def set_hidden(self, hidden: bool) -> None:
        """Show no sample at all."""
        self._hidden = hidden
        for view in (self.before, self.after, self.pair.canvas):
            view.set_hidden(hidden)
        self.reveal.setEnabled(not hidden)
        self._write()

    def open_pair(self, index: int) -> None:
        self.pair.show_pair(index)
        self.stack.setCurrentWidget(self.pair)
        self._switch(closely=True)
        self.pair.setFocus()

    def close_pair(self) -> None:
        if self.stack.currentWidget() is not self.pair:
            return
        self.stack.setCurrentIndex(0)
        self._switch(closely=False)
        self.after.setFocus()

    def _switch(self, *, closely: bool) -> None:
        self.note.setVisible(not closely)
        self.zoom.setVisible(not closely)
        self.order.setVisible(not closely and self._files.judged)
        self.pair.controls.setVisible(closely)
        self.looking_closely.emit(closely)

    def _set_revealed(self, revealed: bool) -> None:
        for view in (self.before, self.after, self.pair.canvas):
            view.set_revealed(revealed)
        self._write()

    def _write(self) -> None:
        self.reveal.setIcon(icon("eye" if self.reveal.isChecked() else "eye-off"))
        if self._hidden:
            text = self.tr("Everything is hidden.")
        elif not self._files.after:
            text = self.tr("The samples of this evaluation are no longer there; evaluate again to see them.")
        elif not self._files.before:
            text = self.tr("Trained from scratch: there is no model from before to compare with.")
        elif self.reveal.isChecked():
            text = self.tr("Click a sample to compare it closely.")
        else:
            text = self.tr("Blurred, as samples may be sensitive: hold one to see it, click it to compare it closely.")
        if not self._hidden and self._files.after and not self._files.before and not self.reveal.isChecked():
            text += " " + self.tr("Blurred, as samples may be sensitive: hold one to see it.")
        if self._files.conditions and not self._hidden:
            captions = isinstance(self._files.conditions[0], str)
            text += " " + (
                self.tr("Drawn with captions of images that are not labeled sensitive.")
                if captions
                else self.tr("Drawn with classes of images that are not labeled sensitive.")
            )
        self.note.setText(text)


def _column(heading: QLabel, grid: SampleGrid) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE_S)
    heading.setProperty("role", "strong")
    layout.addWidget(heading)
    layout.addWidget(grid, 1)
    return column
