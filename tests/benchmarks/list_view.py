"""How long Qt's own list takes to show and to resize as many tiles as our grid, in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

ROUNDS = 5


def compare(model, thumbnails) -> tuple[float, float]:
    """How many times as fast our grid is shown, and resized, as QListView in icon mode."""
    from PySide6.QtWidgets import QApplication

    from pudm_gui.label.grid.view import GridView

    times: dict[str, tuple[float, float]] = {}
    for name, make in (("ours", lambda: GridView(model, thumbnails)), ("QListView", lambda: list_view(len(model)))):
        rounds = [show_and_resize(make) for _ in range(ROUNDS if name == "ours" else 1)]
        times[name] = tuple(median(each) for each in zip(*rounds, strict=True))
        QApplication.processEvents()
        shown, resized = times[name]
        print(f"{name:<10} show {1000 * shown:9.1f} ms, resize {1000 * resized:9.1f} ms", flush=True)
    (shown, resized), (list_shown, list_resized) = times["ours"], times["QListView"]
    return list_shown / shown, list_resized / resized


def show_and_resize(make: Callable) -> tuple[float, float]:
    from PySide6.QtWidgets import QApplication

    view = make()
    view.resize(900, 700)
    started = time.perf_counter()
    view.show()
    QApplication.processEvents()
    shown = time.perf_counter() - started
    while getattr(view, "busy", False):  # pictures that arrive are no part of a change of size
        QApplication.processEvents()
    started = time.perf_counter()
    view.resize(1100, 700)
    QApplication.processEvents()
    resized = time.perf_counter() - started
    view.close()
    view.deleteLater()
    return shown, resized


def list_view(count: int):
    from PySide6.QtCore import QAbstractListModel, QModelIndex, QSize, Qt
    from PySide6.QtWidgets import QListView

    class Names(QAbstractListModel):
        def rowCount(self, parent: QModelIndex | None = None) -> int:
            return count

        def data(self, index: QModelIndex, role: int = 0) -> object:
            return str(index.row()) if role == Qt.ItemDataRole.DisplayRole else None

    view = QListView()
    view.setViewMode(QListView.ViewMode.IconMode)
    view.setResizeMode(QListView.ResizeMode.Adjust)
    view.setUniformItemSizes(True)
    view.setGridSize(QSize(156, 156))
    view.names = Names()
    view.setModel(view.names)
    return view
