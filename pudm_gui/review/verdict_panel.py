"""The verdict in words, and what it rests on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from pudm_gui.run_summary import RunSummary
from pudm_gui.theme import SPACE_S, SPACE_XL, SPACE_XS
from pudm_gui.widgets.run_chooser import verdict_dot

DOT = 12


class VerdictPanel(QWidget):
    """Sentence and trust at the left, what would make it surer at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dot = QLabel()
        self._dot.setContentsMargins(0, SPACE_S, 0, 0)  # level with the first line of the sentence
        self.sentence = _wrapped("title")
        self.sentence.setAccessibleName(self.tr("Verdict"))
        self.quality = _wrapped("muted")
        self.trust = _wrapped("muted")
        self.surer = _wrapped("muted")
        left = QGridLayout()
        left.setVerticalSpacing(SPACE_XS)
        left.setHorizontalSpacing(SPACE_S)
        left.addWidget(self._dot, 0, 0, Qt.AlignmentFlag.AlignTop)
        for row, label in enumerate((self.sentence, self.quality, self.trust)):
            left.addWidget(label, row, 1)
        left.setColumnStretch(1, 1)
        left.setRowStretch(3, 1)
        heading = QLabel(self.tr("What would make it surer"))
        heading.setProperty("role", "strong")
        right = QVBoxLayout()
        right.setSpacing(SPACE_XS)
        right.addWidget(heading)
        right.addWidget(self.surer)
        right.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XL)
        layout.addLayout(left, 5)
        layout.addLayout(right, 3)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._summary: RunSummary | None = None

    def show_summary(self, summary: RunSummary) -> None:
        """Put the verdict on `summary`, which has a report, on the screen."""
        judged = summary.verdict
        if judged is None:
            return
        self._summary = summary
        self.sentence.setText(judged.text)
        self.quality.setText(judged.quality_detail)
        self.trust.setText(judged.trust)
        self.surer.setText("\n".join(f"•  {advice}" for advice in judged.surer))
        self._paint_dot()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_dot()

    def _paint_dot(self) -> None:
        if self._summary is not None:
            self._dot.setPixmap(verdict_dot(self._summary, DOT).pixmap(DOT, DOT))


def _wrapped(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
