"""Work that must keep its order: one piece after the other on a thread, and what takes a moment is waited for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from pudm_gui.widgets.off_thread import OffThread

Result = TypeVar("Result")

PATIENCE = 0.015
"""Seconds that the window waits for a piece of work before it goes on without it."""


class _Piece(Generic[Result]):
    def __init__(
        self,
        work: Callable[[], Result],
        then: Callable[[Result], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self._work, self._then, self._failed = work, then, failed
        self._outcome: Callable[[], object] = lambda: None
        self.done = threading.Event()

    def carry_out(self) -> None:
        """For the thread."""
        try:
            result = self._work()
        except Exception as error:  # noqa: BLE001 — handed to `failed`, on the GUI thread
            caught = error
            self._outcome = lambda: self._failed(caught)
        else:
            self._outcome = lambda: self._then(result)
        self.done.set()

    def tell(self) -> None:
        """For the GUI thread, once it is done."""
        outcome, self._outcome = self._outcome, lambda: None  # no circle: it may hold a million ids
        outcome()


class InOrder(QObject):
    """Runs pieces of work one after the other.

    A piece that ends within 15 ms looks to its caller as though it had been done at once. One that takes longer goes on
    while the window does, and so do those that come after it: they wait their turn.

    Signals
    -------
    busy_changed
        Whether anything is under way that the window no longer waits for.
    """

    busy_changed = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = OffThread(self, threads=1)
        self._waiting: deque[_Piece] = deque()
        self._closed = False

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def run(
        self,
        work: Callable[[], Result],
        then: Callable[[Result], object],
        failed: Callable[[Exception], object],
    ) -> bool:
        """Do `work` on the thread, then `then` with its result, or `failed` with its exception, on this one.

        Returns
        -------
        Whether that has happened; otherwise it happens later.
        """
        if self._closed:
            return False
        piece = _Piece(work, then, failed)
        first = not self._waiting
        self._waiting.append(piece)
        self._thread.submit(piece.carry_out, lambda _: self._tell_until(piece))
        if first and piece.done.wait(PATIENCE):
            self._waiting.popleft()
            piece.tell()
            return True
        if first:
            self.busy_changed.emit(True)
        return False

    def close(self) -> None:
        """Wait until all is done and told, and take no more."""
        self._closed = True
        self._thread.wait()
        if self._waiting:
            self._tell_until(self._waiting[-1])

    def _tell_until(self, piece: _Piece) -> None:
        if piece not in self._waiting:  # told already
            return
        while self._waiting:
            next_ = self._waiting.popleft()
            next_.tell()
            if next_ is piece:
                break
        if not self._waiting:
            self.busy_changed.emit(False)
