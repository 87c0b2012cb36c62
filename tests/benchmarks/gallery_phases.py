"""What a person does with a large project in the real window, one phase each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.event_loop import Wait

WALKED = 4000
"""Pages up to which the list is scrolled through whole; a longer one is sampled."""
STRETCHES, PAGES = 100, 30
"""The sample: so many stretches, evenly spread from the first to the last page, of so many pages each."""


class Person:
    """Opens a project, looks around, and labels."""

    def __init__(self, project: Path) -> None:
        from pudm_gui.window import MainWindow

        self.project = project
        self.window = MainWindow()
        self.window.resize(1280, 800)
        self.first_thumbnail = 0.0
        """Seconds from asking for the project to the first picture in the grid."""
        self.scrolled = ""
        """How much of the list was scrolled through."""
        self.labeled_in = 0.0

    def show_window(self) -> None:
        from PySide6.QtTest import QTest

        self.window.show()
        QTest.qWaitForWindowExposed(self.window)

    @property
    def page(self):
        return self.window.workspace.page("label")

    def settled(self) -> bool:
        return self.page.model.loaded and not self.page.busy

    def first_is_seen(self) -> bool:
        from pudm_gui.label.grid.thumbnail import key_of

        model = self.page.model
        return len(model) > 0 and self.page.thumbnails.tile(key_of(model.row(0))) is not None

    # --- phases

    def open(self) -> Iterator[Wait]:
        started = time.perf_counter()
        self.window.open_project(self.project)
        yield lambda: self.window.workspace is not None and self.window.workspace.current_page == "label"
        yield self.first_is_seen
        self.first_thumbnail = time.perf_counter() - started
        yield self.settled
        self.window.activateWindow()  # shortcuts work in the active window alone
        self.page.view.setFocus()
        yield self.window.isActiveWindow

    def let_the_scan_end(self) -> Iterator[Wait]:
        yield lambda: not self.window.workspace.session.scanning
        yield self.settled

    def scroll(self) -> Iterator[Wait]:
        bar = self.page.view.verticalScrollBar()
        pages = -(-bar.maximum() // bar.pageStep())
        whole = pages <= WALKED
        starts = [0] if whole else [bar.maximum() * n // (STRETCHES - 1) for n in range(STRETCHES)]
        self.scrolled = f"all {pages:,} pages" if whole else f"{STRETCHES * PAGES:,} of {pages:,} pages"
        for start in starts:
            start = min(start, max(0, bar.maximum() - PAGES * bar.pageStep())) if not whole else start
            bar.setValue(start)
            for page in range(pages if whole else PAGES):
                bar.setValue(bar.value() + bar.pageStep())
                yield self.settled if page % 15 == 0 else lambda: True
        yield self.settled

    def drag_bar(self) -> Iterator[Wait]:
        bar = self.page.view.verticalScrollBar()
        for step in range(300):
            bar.setValue(bar.maximum() * (step * 7919 % 300) // 300)
            yield lambda: True
        yield self.settled

    def jump(self) -> Iterator[Wait]:
        from PySide6.QtCore import Qt

        for key in (Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Comma):
            self._press(key)
            yield self.settled

    def filters(self) -> Iterator[Wait]:
        for changes in ({"show": "unlabeled"}, {"show": "sensitive"}, {"show": "normal"}, {"show": "all"}):
            yield from self._ask(changes)

    def search(self) -> Iterator[Wait]:
        for length in range(1, 6):
            yield from self._ask({"text": "00123"[:length]})
        yield from self._ask({"text": ""})

    def sort(self) -> Iterator[Wait]:
        for key in ("name", "size", "modified", "resolution"):
            for descending in (False, True):
                yield from self._ask({"sort": key, "descending": descending})
        yield from self._ask({"sort": None, "descending": False})

    def choose_range(self, count: int) -> Iterator[Wait]:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        view, total = self.page.view, len(self.page.model)
        first = min(1000, total // 10)
        last = first + min(count, total // 2) - 1
        for index, modifier in ((first, Qt.KeyboardModifier.NoModifier), (last, Qt.KeyboardModifier.ShiftModifier)):
            view.sight.show(index)
            QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, view.sight.rect(index).center())
            yield self.settled

    def choose_all(self) -> Iterator[Wait]:
        from PySide6.QtCore import Qt

        self._press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        yield self.settled

    def invert_every_other(self) -> Iterator[Wait]:
        """The worst a selection can be: half a million ranges of one image each."""
        import numpy as np
        from PySide6.QtCore import Qt

        from pudm_gui.label.grid.ranges import RangeSet

        view = self.page.view
        view.select(view.selection.replaced(RangeSet.from_mask(np.arange(len(self.page.model)) % 2 == 0)))
        yield self.settled
        self._press(Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
        yield self.settled
        yield from self._ask({"sort": "size"})
        yield from self._ask({"sort": None})

    def label_chosen(self) -> Iterator[Wait]:
        from PySide6.QtCore import Qt

        wanted, started = len(self.page.view.selection.chosen), time.perf_counter()
        self._press(Qt.Key.Key_S)
        yield self.settled
        self.labeled_in = time.perf_counter() - started
        if self.page.model.counts.sensitive != wanted:
            raise RuntimeError(f"the key S gave {self.page.model.counts}, chosen were {wanted:,}")

    def undo(self) -> Iterator[Wait]:
        from PySide6.QtCore import Qt

        self._press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        yield self.settled
        if self.page.model.counts.sensitive:
            raise RuntimeError(f"undo left {self.page.model.counts}")

    def label_one_by_one(self) -> Iterator[Wait]:
        from PySide6.QtCore import Qt

        self._press(Qt.Key.Key_Home)
        for _ in range(100):
            self._press(Qt.Key.Key_N)
            yield lambda: True
            self._press(Qt.Key.Key_Right)
            yield lambda: True
        yield self.settled

    def resize_tiles(self) -> Iterator[Wait]:
        for edge in (*range(148, 72, -8), *range(72, 320, 8), 148):
            self.page.set_tile(edge)
            yield lambda: True
        yield self.settled

    def _press(self, key, modifier=None) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        QTest.keyClick(self.page.view, key, modifier or Qt.KeyboardModifier.NoModifier)

    def _ask(self, changes: dict[str, object]) -> Iterator[Wait]:
        model = self.page.model
        wanted = replace(model.filter, **changes)
        model.set_filter(wanted)
        yield lambda: model.shown == wanted and self.settled()
