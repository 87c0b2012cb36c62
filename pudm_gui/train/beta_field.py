"""β: a slider with a number, what it means in words, and the estimate on the same scale."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.train.beta_advice import Suggestion, in_words
from pudm_gui.widgets.message import InlineMessage
from pudm_gui.widgets.number_box import DecimalBox

SCALE = 0.6
"""Right end of the slider; the number field goes up to 1."""
PER_UNIT = 200
HANDLE = 8
"""Half of the slider handle's width, in pixels."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the prior stage found out."""

    beta: float
    low: float
    high: float
    proposal: float
    warning: str


class BetaField(QWidget):
    """Sets β.

    Signals
    -------
    changed
        The value, by whatever means.
    estimate_clicked
        An estimate from the labels is wanted.
    """

    changed = Signal(float)
    estimate_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = "default"
        self._estimate: Estimate | None = None
        self._touched = False
        self._reason = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        layout.addLayout(self._build_slider())
        self.scale = EstimateScale()
        layout.addWidget(self.scale)
        self.words = QLabel()
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        layout.addWidget(self.words)
        self.reason = QLabel()
        self.reason.setProperty("role", "small")
        self.reason.setWordWrap(True)
        layout.addWidget(self.reason)
        layout.addSpacing(theme.SPACE_XS)
        layout.addLayout(self._build_buttons())
        self.warning = InlineMessage("", "warning")
        layout.addWidget(self.warning)
        self._write()

    def _build_slider(self) -> QHBoxLayout:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, round(SCALE * PER_UNIT))
        self.slider.setPageStep(round(0.05 * PER_UNIT))
        self.slider.setAccessibleName(self.tr("Sensitive share β"))
        self.number = DecimalBox()
        self.number.setRange(0.001, 0.999)
        self.number.setDecimals(3)
        self.number.setSingleStep(0.01)
        self.number.setFixedWidth(84)
        self.number.setAccessibleName(self.tr("Sensitive share β as a number"))
        self.slider.valueChanged.connect(lambda value: self._by_hand(value / PER_UNIT))
        self.number.valueChanged.connect(self._by_hand)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_M)
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        return row

    def _build_buttons(self) -> QHBoxLayout:
        self.estimate_button = QPushButton(self.tr("Estimate from my labels"))
        self.estimate_button.clicked.connect(self.estimate_clicked)
        self.accept_button = QPushButton()
        self.accept_button.clicked.connect(self._accept)
        self.accept_button.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.estimate_button)
        row.addWidget(self.accept_button)
        row.addStretch(1)
        return row

    @property
    def value(self) -> float:
        return self.number.value()

    def set_value(self, beta: float, source: str) -> None:
        """Set β; `source` is recorded in the run."""
        for widget, value in ((self.slider, round(beta * PER_UNIT)), (self.number, beta)):
            widget.blockSignals(True)
            widget.setValue(value)  # type: ignore[arg-type]
            widget.blockSignals(False)
        self.source = source
        self._write()
        self.changed.emit(self.value)

    def suggest(self, suggestion: Suggestion) -> None:
        """Offer a first value; what a person or an estimate has set stays."""
        if self._estimate is None:
            self._explain(suggestion.reason)
        if not self._touched:
            self.set_value(suggestion.beta, "default")

    def show_estimate(self, estimate: Estimate) -> None:
        self._estimate = estimate
        self.scale.show_estimate(estimate)
        self._explain(
            self.tr("Estimated from your labels: {beta:.2f}, likely between {low:.2f} and {high:.2f}.").format(
                beta=estimate.beta, low=estimate.low, high=estimate.high
            )
        )
        self.warning.show_message(estimate.warning, "warning")
        self._write()

    def set_estimating(self, words: str) -> None:
        """Say how far the estimate is; "" when none is under way."""
        self.estimate_button.setText(self.tr("Stop estimating") if words else self.tr("Estimate from my labels"))
        self.reason.setText(words or self._reason)

    def _explain(self, reason: str) -> None:
        self._reason = reason
        self.reason.setText(reason)

    def _by_hand(self, beta: float) -> None:
        self._touched = True
        self.set_value(beta, "user")

    def _accept(self) -> None:
        if self._estimate is not None:
            self._touched = True
            self.set_value(self._estimate.proposal, "prior")

    def _write(self) -> None:
        self.words.setText(in_words(self.value))
        proposal = self._estimate.proposal if self._estimate is not None else None
        self.accept_button.setVisible(proposal is not None and abs(proposal - self.value) > 0.0005)
        if proposal is not None:
            self.accept_button.setText(self.tr("Use {beta:.2f}").format(beta=proposal))


class EstimateScale(QWidget):
    """The slider's scale, with the interval of the estimate as a band and the estimate as a mark on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._estimate: Estimate | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_estimate(self, estimate: Estimate) -> None:
        self._estimate = estimate
        self.setAccessibleName(
            self.tr("Estimate {beta:.2f}, interval {low:.2f} to {high:.2f}").format(
                beta=estimate.beta, low=estimate.low, high=estimate.high
            )
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._estimate is not None:
            left, right = self._x(self._estimate.low), self._x(self._estimate.high)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.mix(colors.accent, colors.surface0, 0.45))
            painter.drawRoundedRect(QRectF(left, 0, max(right - left, 3), 5), 2.5, 2.5)
            painter.setPen(QPen(colors.text, 2))
            middle = self._x(self._estimate.beta)
            painter.drawLine(round(middle), 0, round(middle), 5)
        font = self.font()
        font.setPixelSize(theme.FONT_SMALL - 1)
        painter.setFont(font)
        painter.setPen(colors.text_muted)
        for tenth in range(0, round(10 * SCALE) + 1, 2):
            box = QRectF(self._x(tenth / 10) - 20, 7, 40, 14)
            if tenth == 0:
                box.moveLeft(0)
            align = Qt.AlignmentFlag.AlignLeft if tenth == 0 else Qt.AlignmentFlag.AlignHCenter
            painter.drawText(box, align, f"{tenth / 10:g}")

    def _x(self, beta: float) -> float:
        width = self.width() - 84 - theme.SPACE_M  # as wide as the slider above, beside its number
        return HANDLE + min(beta, SCALE) / SCALE * (width - 2 * HANDLE)
