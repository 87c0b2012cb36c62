"""One pair of annotators: how far they agree, as words and as a small table."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.label.people.words import AgreementWords
from pudm_gui.project.agreement import Agreement
from pudm_gui.project.model import Label
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import icon_pixmap
from pudm_gui.widgets.plain_text import printable

ROW = 22
HEAD = 18
NAME_SHARE = 0.34
LABELS = (Label.SENSITIVE, Label.NORMAL)


class PairCard(QFrame):
    """Two names, a sentence, and who gave which label how often."""

    def __init__(self, pair: Agreement, words: AgreementWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_S)
        layout.setSpacing(theme.SPACE_XS)
        names = self.tr("{first} and {second}").format(first=printable(pair.first), second=printable(pair.second))
        self.names = ElidedLabel(names)
        self.names.setProperty("role", "strong")
        self.summary = QLabel(words.summary(pair))
        self.summary.setWordWrap(True)
        self.summary.setToolTip(words.explanation())
        number = QLocale().toString(pair.shared)
        both = self.tr("1 image labeled by both") if pair.shared == 1 else self.tr("{n} images labeled by both")
        self.shared = QLabel(both.format(n=number))
        self.shared.setProperty("role", "small")
        layout.addWidget(self.names)
        layout.addWidget(self.summary)
        layout.addWidget(self.shared)
        layout.addSpacing(theme.SPACE_XS)
        layout.addWidget(PairTable(pair))


class PairTable(QWidget):
    """Rows: what the first says; columns: what the second says. Where they differ, the number stands out."""

    def __init__(self, pair: Agreement, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pair = pair
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        cells = [
            self.tr("{first} {one}, {second} {other}: {n}").format(
                first=printable(pair.first),
                one=one.word,
                second=printable(pair.second),
                other=other.word,
                n=pair.table[one, other],
            )
            for one in LABELS
            for other in LABELS
        ]
        self.setAccessibleName("; ".join(cells))

    def sizeHint(self) -> QSize:
        return QSize(200, 2 * HEAD + 2 * ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current_theme()
        painter = QPainter(self)
        left = round(self.width() * NAME_SHARE)
        column = (self.width() - left) // 2
        font = QFont(self.font())
        font.setPixelSize(theme.FONT_SMALL)
        painter.setFont(font)
        painter.setPen(colors.text_muted)
        metrics = painter.fontMetrics()
        right = metrics.elidedText(printable(self._pair.second), Qt.TextElideMode.ElideRight, 2 * column)
        painter.drawText(left, 0, 2 * column, HEAD, Qt.AlignmentFlag.AlignCenter, right)
        first = metrics.elidedText(printable(self._pair.first), Qt.TextElideMode.ElideRight, left - 24)
        painter.drawText(0, 2 * HEAD, left - 24, 2 * ROW, Qt.AlignmentFlag.AlignVCenter, first)
        for place, label in enumerate(LABELS):
            self._paint_icon(painter, left + place * column + column // 2 - 7, HEAD + 2, label)
            self._paint_icon(painter, left - 18, 2 * HEAD + place * ROW + 4, label)
        painter.setPen(colors.border)
        painter.drawLine(left, 2 * HEAD, self.width(), 2 * HEAD)
        for row, one in enumerate(LABELS):
            for place, other in enumerate(LABELS):
                number = int(self._pair.table[one, other])
                differs = one != other and number > 0
                font.setWeight(QFont.Weight.DemiBold if differs else QFont.Weight.Normal)
                font.setPixelSize(theme.FONT_BODY)
                painter.setFont(font)
                painter.setPen(colors.warning if differs else colors.text)
                text = QLocale().toString(number)
                cell = (left + place * column, 2 * HEAD + row * ROW, column, ROW)
                painter.drawText(*cell, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()

    def _paint_icon(self, painter: QPainter, x: int, y: int, label: Label) -> None:
        painter.drawPixmap(x, y, icon_pixmap(label.word, 14, None, self.devicePixelRatioF()))
