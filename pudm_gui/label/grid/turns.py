"""What the threads do next: what is on the screen, then storing what was made, then work for later."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtGui import QImage

from pudm_gui.label.grid.thumbnail import Key, Store, Thumbnail, Wanted, encoded, make_thumbnail

STORING_LIMIT = 64 << 20
"""Bytes of pictures that wait to be stored. Whoever scrolls on and on makes more: then the oldest are not stored."""

Turn = Callable[[], Thumbnail | None]


class Turns:
    """Shared by the threads and the window; every method may be called from any thread."""

    def __init__(self, store: Store | None, threads: int) -> None:
        self._store = store
        self._threads = threads
        self._lock = threading.Lock()
        self._waiting: dict[Key, Wanted] = {}
        self._under_way: set[Wanted] = set()
        self._to_store: deque[tuple[str, QImage]] = deque()
        self._bytes_to_store = 0
        self._for_later: Callable[[], bool] | None = None
        self._running = 0

    @property
    def busy(self) -> bool:
        """Whether anything wanted is still to come."""
        with self._lock:
            return bool(self._waiting or self._under_way)

    @property
    def more(self) -> bool:
        """Whether anything wanted has not been begun."""
        return bool(self._waiting)

    def want(self, wanted: Sequence[Wanted]) -> int:
        """Make these, the first first, instead of what was wanted before.

        Returns
        -------
        How many more threads are to run.
        """
        with self._lock:
            self._waiting = {item.key: item for item in wanted if item not in self._under_way}
            return self._more(len(self._waiting))

    def do_later(self, work: Callable[[], bool] | None) -> int:
        """When there is nothing else to do, call `work` again and again until it returns False.

        Returns
        -------
        How many more threads are to run.
        """
        with self._lock:
            self._for_later = work
            return self._more(self._threads if work is not None else 0)

    def stop(self) -> None:
        """Make nothing more; what was made is still stored."""
        with self._lock:
            self._waiting.clear()
            self._for_later = None

    def take(self) -> Turn | None:
        """The next turn of a running thread; None where it is to end."""
        with self._lock:
            if self._waiting:
                wanted = self._waiting.pop(next(iter(self._waiting)))
                self._under_way.add(wanted)
                return lambda: self._make(wanted)
            if self._to_store:
                name, image = self._to_store.popleft()
                self._bytes_to_store -= image.sizeInBytes()
                return lambda: self._keep(name, image)
            if self._for_later is not None:
                work = self._for_later
                return lambda: self._work_for_later(work)
            self._running -= 1
            return None

    def ended(self) -> None:
        """A thread has ended by an exception."""
        with self._lock:
            self._running -= 1

    def finish(self, wanted: Wanted) -> None:
        """What was made has arrived."""
        with self._lock:
            self._under_way.discard(wanted)

    def _more(self, tasks: int) -> int:
        more = max(0, min(self._threads - self._running, tasks))
        self._running += more
        return more

    def _make(self, wanted: Wanted) -> Thumbnail:
        try:
            made = make_thumbnail(wanted, self._store)
        except BaseException:
            self.finish(wanted)
            raise
        if made.fresh is not None:
            with self._lock:
                self._to_store.append((wanted.stored_as, made.fresh))
                self._bytes_to_store += made.fresh.sizeInBytes()
                while self._bytes_to_store > STORING_LIMIT:
                    self._bytes_to_store -= self._to_store.popleft()[1].sizeInBytes()
        return made

    def _keep(self, name: str, image: QImage) -> None:
        if self._store is not None:
            self._store.put(name, encoded(image))

    def _work_for_later(self, work: Callable[[], bool]) -> None:
        goes_on = False
        try:
            goes_on = work()
        finally:
            if not goes_on:
                with self._lock:
                    if self._for_later is work:
                        self._for_later = None
