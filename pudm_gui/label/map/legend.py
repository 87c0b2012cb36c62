"""What the marks on the map mean, and how many there are of each."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from pudm_gui import theme


class Legend(QWidget):
    """Two lines of two marks each, as the map draws them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = {
            "sensitive": self.tr("{n} sensitive"),
            "normal": self.tr("{n} normal"),
            "unlabeled": self.tr("{n} unlabeled"),
            "chosen": self.tr("{n} chosen"),
        }
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(theme.SPACE_M)
        layout.setVerticalSpacing(2)
        self.labels: dict[str, QLabel] = {}
        for place, name in enumerate(self._titles):
            words = QLabel()
            words.setProperty("role", "small")
            entry = QHBoxLayout()
            entry.setSpacing(theme.SPACE_XS)
            entry.addWidget(_Mark(name))
            entry.addWidget(words, 1)
            layout.addLayout(entry, place // 2, place % 2)
            self.labels[name] = words

    def show_counts(self, counts: dict[str, int]) -> None:
        for name, words in self.labels.items():
            words.setText(self._titles[name].format(n=QLocale().toString(counts[name])))


class _Mark(QWidget):
    """One mark as it is on the map."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setFixedSize(14, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(7, 7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._name == "sensitive":
            painter.setBrush(colors.sensitive)
            corners = ((0, -5), (5, 0), (0, 5), (-5, 0))
            painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
        elif self._name == "unlabeled":
            painter.setBrush(colors.text_muted)
            painter.drawEllipse(middle, 2.2, 2.2)
        else:
            normal = self._name == "normal"
            painter.setPen(QPen(colors.normal if normal else colors.accent, 2))
            radius = 3.5 if normal else 5.5
            painter.drawEllipse(QRectF(7 - radius, 7 - radius, 2 * radius, 2 * radius))
        painter.end()
