"""Counts in a row, each with its mark and the word that it counts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.label.exchange.words import number
from pudm_gui.project.exchange.planning import ImportPlan
from pudm_gui.project.model import Label
from pudm_gui.widgets.icons import IconMark

MARK = 14


class Figure(QFrame):
    """A number above its word."""

    def __init__(self, words: str, icon_name: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.number = QLabel()
        self.number.setProperty("role", "title")
        self._words = QLabel(words)
        self._words.setProperty("role", "muted")
        top = QHBoxLayout()
        top.setSpacing(theme.SPACE_S)
        if icon_name is not None:
            top.addWidget(IconMark(icon_name, MARK))
        top.addWidget(self.number)
        top.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_L, theme.SPACE_S)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._words)

    def set_count(self, count: int) -> None:
        self.set_text(number(count))

    def set_text(self, text: str) -> None:
        self.number.setText(text)
        self.setAccessibleName(f"{text} {self._words.text()}")


class Figures(QWidget):
    """What a plan changes, as numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.becoming = {
            Label.SENSITIVE: Figure(self.tr("become sensitive"), "sensitive"),
            Label.NORMAL: Figure(self.tr("become normal"), "normal"),
            Label.UNLABELED: Figure(self.tr("lose their label")),
        }
        self.tags = Figure(self.tr("tags on and off"))
        self.unchanged = Figure(self.tr("stay as they are"))
        self.unknown = Figure(self.tr("not in this project"))
        for figure in (*self.becoming.values(), self.tags, self.unchanged, self.unknown):
            layout.addWidget(figure, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addStretch(1)

    def show_plan(self, plan: ImportPlan) -> None:
        for label, figure in self.becoming.items():
            figure.set_count(plan.becoming(label))
        self.becoming[Label.UNLABELED].setVisible(plan.becoming(Label.UNLABELED) > 0)
        added, removed = len(plan.tags.added.ids), len(plan.tags.removed.ids)
        signed = [f"{sign}{number(count)}" for sign, count in (("+", added), ("−", removed)) if count]
        self.tags.set_text("  ".join(signed))
        self.tags.setVisible(bool(signed))
        self.unchanged.set_count(plan.unchanged)
        self.unknown.set_count(plan.unknown.count)
        self.unknown.setVisible(plan.unknown.count > 0)
