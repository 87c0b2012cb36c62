"""Live curves of the loss terms: each a calm line over its faint raw values."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.train.progress import TERMS, TrainingProgress
from pudm_gui.train.smoothing import robust_range, smoothed, thinned

pg.setConfigOptions(antialias=True)

MOST_POINTS = 800
"""Of one line: more cannot be told apart on a screen, and painting them would hold up the window."""
FAINT = 70
"""Alpha of the raw values, of 255."""
TINTS = {"l_u": "normal", "l_s": "sensitive", "r": "text", "l_s_plus": "warning"}
PATTERNS = {
    "l_u": Qt.PenStyle.SolidLine,
    "l_s": Qt.PenStyle.SolidLine,
    "r": Qt.PenStyle.DashLine,
    "l_s_plus": Qt.PenStyle.DotLine,
}


class LossCurves(QWidget):
    """The plot, with a legend whose entries switch their curve."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        self.legend = {term: LegendEntry(term, self.term_name(term), self.term_help(term)) for term in TERMS}
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_XS)
        for entry in self.legend.values():
            entry.toggled.connect(self._show_terms)
            entry.hide()
            row.addWidget(entry)
        row.addStretch(1)
        layout.addLayout(row)
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.setFrameShape(self.plot.Shape.NoFrame)
        self.plot.setAccessibleName(self.tr("Loss per term over the steps"))
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._raw = {term: self.plot.plot() for term in TERMS}
        self._calm = {term: self.plot.plot() for term in TERMS}
        layout.addWidget(self.plot, 1)
        self._dress()
        self.legend["l_s_plus"].setChecked(False)  # far below the others, and by default no part of the loss

    def term_name(self, term: str) -> str:
        return {
            "l_u": self.tr("Unlabeled L_U⁻"),
            "l_s": self.tr("Sensitive L_S⁻"),
            "r": self.tr("Risk R"),
            "l_s_plus": self.tr("L_S⁺"),
        }[term]

    def term_help(self, term: str) -> str:
        return {
            "l_u": self.tr("How badly the model predicts unlabeled images. Should stay low."),
            "l_s": self.tr("How badly the model predicts sensitive images. Should rise."),
            "r": self.tr("R = L_U⁻ − β L_S⁻, the loss on normal images as far as it can be told."),
            "l_s_plus": self.tr("The −log(1 − e^−ℓ) term of the sensitive images."),
        }[term]

    def show_progress(self, progress: TrainingProgress) -> None:
        """Draw the curves of `progress`."""
        at = np.asarray(progress.at, dtype=float)
        present = progress.present
        calm_values = []
        for term in TERMS:
            entry = self.legend[term]
            entry.setVisible(term in present)
            values = np.array([np.nan if v is None else v for v in progress.terms[term]], dtype=float)
            calm = smoothed(values)
            for line, shown in ((self._raw[term], values), (self._calm[term], calm)):
                kept = thinned(shown, MOST_POINTS)
                line.setData(at[kept], shown[kept], connect="finite")
            entry.set_value(float(calm[-1]) if term in present else None)
            if term in present and entry.isChecked():
                calm_values += [calm, values]
        self.plot.setVisible(len(at) > 0)  # axes without a curve would be those of the run before
        last = int(at[-1]) if len(at) else 0
        self.plot.setXRange(0, max(last, 1 if progress.early else progress.steps, 1), padding=0.01)
        limits = robust_range(np.concatenate(calm_values)) if calm_values else None
        if limits is not None:
            self.plot.setYRange(*limits, padding=0)
        self._progress = progress

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_calm"):
            self._dress()

    def _show_terms(self) -> None:
        for term, entry in self.legend.items():
            self._raw[term].setVisible(entry.isChecked())
            self._calm[term].setVisible(entry.isChecked())
        if hasattr(self, "_progress"):
            self.show_progress(self._progress)

    def _dress(self) -> None:
        colors = theme.current_theme()
        self.plot.setBackground(colors.surface0)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(colors.border))
            axis.setTextPen(pg.mkPen(colors.text_muted))
            axis.setStyle(tickLength=-4, tickFont=self._tick_font())
        self.plot.showGrid(x=False, y=True, alpha=0.08)
        for term in TERMS:
            color = getattr(colors, TINTS[term])
            faint = QColor(color)
            faint.setAlpha(FAINT)
            self._raw[term].setPen(pg.mkPen(faint, width=1))
            self._calm[term].setPen(pg.mkPen(color, width=2, style=PATTERNS[term]))

    def _tick_font(self) -> QFont:
        font = self.font()
        font.setPixelSize(theme.FONT_SMALL)
        return font


class LegendEntry(QPushButton):
    """Name, line and latest value of one term; unchecked hides its curve."""

    def __init__(self, term: str, name: str, help_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._term = term
        self._name = name
        self.setCheckable(True)
        self.setChecked(True)
        self.setProperty("role", "legend")
        self.setToolTip(help_text)
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_S, 0, theme.SPACE_S, 0)
        layout.setSpacing(6)
        self._line = _LineSample(term)
        self._label = QLabel(name)
        self._number = QLabel()
        self._number.setProperty("role", "muted")
        for widget in (self._line, self._label, self._number):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(widget)
        self.toggled.connect(self._line.setEnabled)
        self.toggled.connect(self._label.setEnabled)

    def set_value(self, value: float | None) -> None:
        shown = "" if value is None or value != value else compact(value)
        self._number.setText(shown)
        self.setAccessibleName(f"{self._name} {shown}")
        self.setMinimumWidth(self._row.sizeHint().width())


class _LineSample(QWidget):
    def __init__(self, term: str) -> None:
        super().__init__()
        self._term = term
        self.setFixedSize(18, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current_theme()
        color = getattr(colors, TINTS[self._term]) if self.isEnabled() else colors.surface3
        painter = QPainter(self)
        painter.setPen(QPen(color, 2, PATTERNS[self._term]))
        painter.drawLine(0, self.height() // 2, self.width(), self.height() // 2)


def compact(value: float) -> str:
    """Three figures, as people write them."""
    size = abs(value)
    if size != 0 and (size < 0.001 or size >= 100_000):
        return f"{value:.1e}"
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return QLocale().toString(value, "f", digits)
