"""Thumbnails on demand: decoded on threads, what is on the screen first, and kept in memory and on disk."""

from __future__ import annotations

import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal, Slot

from pudm_gui.label.grid.thumbnail import Key, Store, Thumbnail, Tile, Wanted
from pudm_gui.label.grid.turns import Turns
from pudm_gui.widgets.off_thread import OffThread

MEMORY_LIMIT = 128 << 20
"""Bytes of pixmaps."""
TOLD_SECONDS = 0.01
"""What was made within this time is shown together."""
THREADS = max(1, min(4, (os.cpu_count() or 2) - 1))
"""One processor is left to the window."""


class Thumbnails(QObject):
    """The thumbnails in memory, and the threads that fill it.

    Signals
    -------
    ready
        A thumbnail arrived; carries the image id.
    """

    ready = Signal(int)
    _made = Signal()

    def __init__(self, store: Store | None, parent: QObject, *, limit: int = MEMORY_LIMIT) -> None:
        super().__init__(parent)
        self._limit = limit
        self._bytes = 0
        self._tiles: OrderedDict[Key, Tile] = OrderedDict()
        self._turns = Turns(store, THREADS)
        self._threads = OffThread(self, threads=THREADS)
        self._arrivals: deque[Thumbnail] = deque()
        self._made.connect(self._take_arrivals, Qt.ConnectionType.QueuedConnection)

    def tile(self, key: Key) -> Tile | None:
        """What there is for `key`, perhaps of another size than wanted now."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def want(self, wanted: Sequence[Wanted]) -> None:
        """Make these, the first first. Replaces what was wanted before; what is at hand is not made again."""
        missing = [item for item in wanted if (tile := self._tiles.get(item.key)) is None or tile.wanted != item]
        self._start(self._turns.want(missing))

    def do_later(self, work: Callable[[], bool] | None) -> None:
        """Call `work` on the threads whenever they have nothing else to do, until it returns False; None ends that."""
        self._start(self._turns.do_later(work))

    def forget_problems(self) -> None:
        """Try again where there was no picture: the file may be there by now."""
        for key in [key for key, tile in self._tiles.items() if tile.problem is not None]:
            self._bytes -= self._tiles.pop(key).bytes

    def close(self) -> None:
        """Want nothing more, and wait for the threads."""
        self._turns.stop()
        self._threads.wait()

    @property
    def busy(self) -> bool:
        """Whether anything wanted is still to come."""
        return self._turns.busy

    def _start(self, threads: int) -> None:
        for _ in range(threads):
            self._threads.submit(self._run, lambda _: None)

    def _run(self) -> None:
        told = 0.0
        try:
            while (turn := self._turns.take()) is not None:
                if (made := turn()) is None:
                    continue
                self._arrivals.append(made)
                # Waking the window for each one costs more than making it, where they come from the cache.
                if time.monotonic() - told > TOLD_SECONDS or not self._turns.more:
                    self._made.emit()
                    told = time.monotonic()
        except BaseException:
            self._turns.ended()
            raise
        finally:
            if self._arrivals:
                self._made.emit()

    @Slot()
    def _take_arrivals(self) -> None:
        while self._arrivals:
            self._take(self._arrivals.popleft())

    def _take(self, made: Thumbnail) -> None:
        self._turns.finish(made.wanted)
        tile = Tile(made)
        if (former := self._tiles.pop(tile.wanted.key, None)) is not None:
            self._bytes -= former.bytes
        self._tiles[tile.wanted.key] = tile
        self._bytes += tile.bytes
        while self._bytes > self._limit and len(self._tiles) > 1:
            self._bytes -= self._tiles.popitem(last=False)[1].bytes
        self.ready.emit(tile.wanted.key[0])
