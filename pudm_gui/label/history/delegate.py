"""Painting an entry of the history: what was done, and below it who did so and when."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from pudm_gui import theme
from pudm_gui.label.history.model import HistoryModel
from pudm_gui.label.history.words import HistoryWords
from pudm_gui.project.model import HistoryEntry
from pudm_gui.widgets.icons import icon_pixmap

HEIGHT = 46
ICON = 16
KIND_ICONS = {"tag": "tag", "import": "import", "undo": "undo", "redo": "redo", "revert": "undo"}


def icon_of(entry: HistoryEntry) -> str:
    """Name of the icon that stands for what was done."""
    if entry.kind == "revert" and entry.target_kind == "revert":
        return "redo"
    if entry.kind == "label":
        return "label" if entry.label is None else entry.label.word
    return KIND_ICONS[entry.kind]


class HistoryDelegate(QStyledItemDelegate):
    """Two lines beside an icon; struck through and muted where the action is taken back."""

    def __init__(self, words: HistoryWords, parent: QObject) -> None:
        super().__init__(parent)
        self._words = words

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry = cast(HistoryModel, index.model()).entry(index.row())
        if entry is None:
            return
        colors = theme.current_theme()
        place: QRect = option.rect.adjusted(theme.SPACE_XS, 1, -theme.SPACE_XS, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, place, option.state, colors)
        quiet = entry.undone or entry.kind in ("undo", "redo")
        self._paint_icon(painter, place, icon_of(entry), quiet)
        left = place.left() + theme.SPACE_S + ICON + theme.SPACE_S
        lines = QRect(left, place.top() + 5, place.right() - left - theme.SPACE_S, 17)
        color = colors.text_muted if quiet else colors.text
        self._paint_line(painter, lines, self._words.title(entry), color, theme.FONT_BODY, struck=entry.undone)
        lines.translate(0, 18)
        self._paint_line(painter, lines, self._words.details(entry), colors.text_muted, theme.FONT_SMALL)
        painter.restore()

    def _paint_ground(self, painter: QPainter, place: QRect, state: QStyle.StateFlag, colors: theme.Theme) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            focused = state & QStyle.StateFlag.State_HasFocus
            painter.setBrush(theme.mix(colors.accent, colors.surface1, 0.22) if focused else colors.surface2)
            painter.drawRoundedRect(place, theme.RADIUS, theme.RADIUS)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.mix(colors.surface2, colors.surface1, 0.6))
            painter.drawRoundedRect(place, theme.RADIUS, theme.RADIUS)

    def _paint_icon(self, painter: QPainter, place: QRect, name: str, quiet: bool) -> None:
        ratio = painter.device().devicePixelRatioF()
        pixmap = icon_pixmap(name, ICON, "text_muted" if quiet else None, ratio)
        painter.drawPixmap(place.left() + theme.SPACE_S, place.top() + 6, pixmap)

    def _paint_line(
        self, painter: QPainter, place: QRect, text: str, color: QColor, size: int, *, struck: bool = False
    ) -> None:
        font = QFont(painter.font())
        font.setPixelSize(size)
        font.setStrikeOut(struck)
        painter.setFont(font)
        painter.setPen(color)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
