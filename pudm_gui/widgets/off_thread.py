"""Work that may take long, done on a few threads, with its result handed back on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QThreadPool, Signal, Slot
from shiboken6 import isValid

Result = TypeVar("Result")


class OffThread(QObject):
    """Runs functions on its own threads. When it dies, waiting work is dropped and results are no longer delivered."""

    _done = Signal(object)

    def __init__(self, parent: QObject, *, threads: int = 2) -> None:
        super().__init__(parent)
        pool = QThreadPool()
        pool.setMaxThreadCount(threads)
        self._pool = pool
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(lambda: _drain(pool))

    def submit(
        self,
        work: Callable[[], Result],
        then: Callable[[Result], object],
        *,
        failed: Callable[[], object] | None = None,
    ) -> None:
        """Run `work` on a thread, then `then` with its result on this one.

        An exception in `work` surfaces here; `failed` is called before, for those who show that they are waiting.
        """
        self._pool.start(lambda: self._run(work, then, failed))

    def cancel_waiting(self) -> None:
        """Drop what has not begun."""
        self._pool.clear()

    def wait(self) -> None:
        """Block until nothing runs; results still arrive by way of the event loop."""
        self._pool.waitForDone()

    def _run(
        self, work: Callable[[], Result], then: Callable[[Result], object], failed: Callable[[], object] | None
    ) -> None:
        error: Exception | None = None
        result: Result | None = None
        try:
            result = work()
        except Exception as caught:  # noqa: BLE001 - raised again on the GUI thread, where it is reported
            error = caught
        try:
            self._done.emit((then, failed, result, error))
        except RuntimeError:  # the window closed meanwhile, so nobody waits for the result
            return

    @Slot(object)
    def _deliver(self, outcome: tuple[Any, Any, Any, Exception | None]) -> None:
        then, failed, result, error = outcome
        if error is not None:
            if failed is not None:
                failed()
            raise error
        then(result)


def _drain(pool: QThreadPool) -> None:
    if isValid(pool):  # when the program ends, the pool may go first; its own end waits for what runs
        pool.clear()
        pool.waitForDone()
