"""The tables of the preview: what changes, which files are not in the project, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from pudm_gui.project.exchange.planning import PlannedChange
from pudm_gui.project.exchange.rows import Problem
from pudm_gui.project.model import Label
from pudm_gui.theme import current_theme
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.plain_text import printable, tip

Index = QModelIndex | QPersistentModelIndex
ROW = 26
MARK = 11
HEAD_PADDING = 11
"""Pixels, so that the heads stand above the text of the cells."""
LABEL_WIDTH, TAGS_WIDTH, GIVER_WIDTH, PLACE_WIDTH = 118, 230, 140, 220


class ChangeModel(QAbstractTableModel):
    """Path, label before and after, tags, and who gave the label before."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._changes: Sequence[PlannedChange] = ()
        self._words = {
            Label.UNLABELED: self.tr("unlabeled"),
            Label.SENSITIVE: self.tr("sensitive"),
            Label.NORMAL: self.tr("normal"),
        }
        self._heads = [
            self.tr("Image"),
            self.tr("Label now"),
            self.tr("Label after"),
            self.tr("Tags"),
            self.tr("Label given by"),
        ]

    def show_changes(self, changes: Sequence[PlannedChange]) -> None:
        self.beginResetModel()
        self._changes = changes
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own signature
        return 0 if parent.isValid() else len(self._changes)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._heads[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        change, column = self._changes[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return printable(self._text(change, column))
        if role == Qt.ItemDataRole.ToolTipRole and column in (0, 3):
            return tip(printable(self._text(change, column)))
        label = {1: change.old, 2: change.new}.get(column)
        if role == Qt.ItemDataRole.DecorationRole and label:
            return icon(label.word)
        if role == Qt.ItemDataRole.ForegroundRole and column in (1, 2) and change.old == change.new:
            return QBrush(current_theme().text_muted)
        return None

    def _text(self, change: PlannedChange, column: int) -> str:
        if column == 0:
            return change.path
        if column in (1, 2):
            return self._words[change.old if column == 1 else change.new]
        if column == 3:
            return "  ".join([*(f"+{tag}" for tag in change.added), *(f"−{tag}" for tag in change.removed)])
        return change.given_by


class ProblemModel(QAbstractTableModel):
    """A place in the file, and what is there."""

    def __init__(self, heads: tuple[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        self._heads = heads
        self._problems: Sequence[Problem] = ()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        self.beginResetModel()
        self._problems = problems
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._problems)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 2

    headerData = ChangeModel.headerData

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        problem = self._problems[index.row()]
        text = problem.place if index.column() == 0 else problem.words.lstrip(": ")
        if role == Qt.ItemDataRole.DisplayRole:
            return printable(text)
        return tip(printable(text)) if role == Qt.ItemDataRole.ToolTipRole else None


def table(model: ChangeModel | ProblemModel, name: str, widths: Sequence[int]) -> QTableView:
    """A table to read, in which the column that has the width 0 takes what is left."""
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(name)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setAlternatingRowColors(True)
    view.setIconSize(QSize(MARK, MARK))
    view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(ROW)
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setStyleSheet(f"QHeaderView::section {{ padding-left: {HEAD_PADDING}px; }}")
    for column, width in enumerate(widths):
        mode = QHeaderView.ResizeMode.Interactive if width else QHeaderView.ResizeMode.Stretch
        view.horizontalHeader().setSectionResizeMode(column, mode)
        if width:
            view.setColumnWidth(column, width)
    return view
