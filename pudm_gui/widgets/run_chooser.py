"""The list of trained runs at the head of Review and Export, each with its verdict as a dot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from pudm_gui.run_summary import RunSummary
from pudm_gui.theme import current_theme

DOT = 12


def verdict_dot(summary: RunSummary, size: int = DOT) -> QIcon:
    """A filled dot in the verdict's colour; a ring where nothing has been judged yet."""
    theme = current_theme()
    verdict = summary.verdict
    color: QColor = theme.text_muted if verdict is None else getattr(theme, verdict.level)
    pixmap = QPixmap(2 * size, 2 * size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(color if verdict is None else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if verdict is None else color)
    painter.drawEllipse(pixmap.rect().adjusted(4, 4, -5, -5))
    painter.end()
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)


class RunChooser(QComboBox):
    """A drop-down of runs; long names are shortened in the middle."""

    chosen = Signal(object)
    """A `RunSummary` that the person picked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[RunSummary, ...] = ()
        self.setAccessibleName(self.tr("Run"))
        self.setIconSize(QSize(DOT, DOT))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(18)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(520)
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.activated.connect(self._picked)

    @property
    def current(self) -> RunSummary | None:
        index = self.currentIndex()
        return self._runs[index] if 0 <= index < len(self._runs) else None

    def set_runs(self, runs: Sequence[RunSummary], selected: RunSummary | None) -> None:
        """Replace the list, without `chosen`; `selected` is found again by its folder."""
        self.blockSignals(True)
        self.clear()
        self._runs = tuple(runs)
        for position, summary in enumerate(runs):
            self.addItem(verdict_dot(summary), self._text(summary, summary.name))
            self.setItemData(position, summary.run.path.name, Qt.ItemDataRole.ToolTipRole)
            if selected is not None and summary.run.path == selected.run.path:
                self.setCurrentIndex(position)
        self.blockSignals(False)
        self.setToolTip(self.currentText())

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style draws it, but with an ellipsis where the text is cut."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        room = field.width() - DOT - 12
        option.currentText = self._fitted(room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _fitted(self, room: int) -> str:
        """The current run in `room` pixels: its name gives way first, what was judged stays."""
        summary = self.current
        if summary is None:
            return ""
        metrics = self.fontMetrics()
        whole = self._text(summary, summary.name)
        beside = metrics.horizontalAdvance(whole) - metrics.horizontalAdvance(summary.name)
        name = metrics.elidedText(summary.name, Qt.TextElideMode.ElideMiddle, max(room - beside, 60))
        return metrics.elidedText(self._text(summary, name), Qt.TextElideMode.ElideRight, room)

    def _picked(self, index: int) -> None:
        self.setToolTip(self.currentText())
        self.chosen.emit(self._runs[index])

    def _text(self, summary: RunSummary, name: str) -> str:
        if summary.report is None:
            return self.tr("{name}, not evaluated").format(name=name)
        return self.tr("{name}, {count:,} images judged").format(name=name, count=summary.report.n_samples)
