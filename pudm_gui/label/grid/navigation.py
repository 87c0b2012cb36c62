"""Where a key leads from the current tile."""

from __future__ import annotations

from PySide6.QtCore import Qt

from pudm_gui.label.grid.geometry import Geometry

KEYS = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
    }
)


def destination(key: Qt.Key, current: int | None, geometry: Geometry, viewport_height: int) -> int | None:
    """The tile to go to; None in an empty grid. Up and down keep the column where there is one."""
    last = geometry.count - 1
    if last < 0:
        return None
    if key == Qt.Key.Key_Home or (current is None and key != Qt.Key.Key_End):
        return 0
    if key == Qt.Key.Key_End or current is None:
        return last
    page = geometry.page_rows(viewport_height) * geometry.columns
    step = {
        Qt.Key.Key_Left: -1,
        Qt.Key.Key_Right: 1,
        Qt.Key.Key_Up: -geometry.columns,
        Qt.Key.Key_Down: geometry.columns,
        Qt.Key.Key_PageUp: -page,
        Qt.Key.Key_PageDown: page,
    }[key]
    target = current + step
    if abs(step) == 1:
        return min(max(target, 0), last)
    column = current % geometry.columns
    if target < 0:
        return column
    if target > last:
        in_last_row = last - last % geometry.columns + column
        return in_last_row if in_last_row <= last else last
    return target
