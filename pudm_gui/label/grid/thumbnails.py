"""Thumbnails on demand: decoded on threads, what is on the screen first, and kept in memory and on disk."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QBuffer, QObject, Signal
from PySide6.QtGui import QImage, QImageWriter, QPixmap

from pudm_gui.label.decode import fitted, read_image
from pudm_gui.label.veil import Veil
from pudm_gui.project.model import ImageRow
from pudm_gui.widgets.off_thread import OffThread
from training.images import ImageError

LEVELS = (192, 384, 768)
"""Longer edges of the thumbnails on disk: the smallest that is large enough is used."""
LOSSLESS_EDGE = 64
"""Images no larger than this are stored as PNG: a tiny JPEG shows its artefacts when enlarged."""
QUALITY = 88
MEMORY_LIMIT = 256 << 20
"""Bytes of pixmaps."""
THREADS = max(1, min(4, (os.cpu_count() or 2) - 1))
"""One processor is left to the window."""

Key = tuple[int, int, float]
"""Image id, file size and time of change: a changed file is another picture."""


def key_of(row: ImageRow) -> Key:
    return row.id, row.size, row.modified


class Store(Protocol):
    """Where encoded thumbnails are kept between sessions."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, data: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A thumbnail to make: a picture that fits a square of `edge` device pixels."""

    key: Key
    file: Path
    stored_as: str
    edge: int
    veil: Veil

    @classmethod
    def of(cls, row: ImageRow, edge: int, veil: Veil) -> Wanted:
        return cls(key_of(row), row.file, row.sha256 or f"{row.file}|{row.size}|{row.modified}", edge, veil)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """What a thread has made. Both pictures come at once, so that marking an image sensitive veils it at once."""

    wanted: Wanted
    sharp: QImage | None = None
    veiled: QImage | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """A thumbnail ready to paint, or the sentence why there is none."""

    wanted: Wanted
    sharp: QPixmap | None
    veiled: QPixmap | None
    problem: str | None

    @property
    def bytes(self) -> int:
        pixmaps = (self.sharp, self.veiled)
        return 200 + sum(4 * pixmap.width() * pixmap.height() for pixmap in pixmaps if pixmap is not None)


def make_thumbnail(wanted: Wanted, store: Store | None) -> Thumbnail:
    """Read, scale and veil one picture. For threads."""
    try:
        base = _base(wanted, store)
    except ImageError as error:
        return Thumbnail(wanted, problem=str(error))
    sharp = fitted(base, wanted.edge)
    return Thumbnail(wanted, sharp, wanted.veil.over(sharp, native=max(base.width(), base.height())))


def _base(wanted: Wanted, store: Store | None) -> QImage:
    level = next((level for level in LEVELS if level >= wanted.edge), LEVELS[-1])
    name = f"{wanted.stored_as}@{level}"
    if store is not None and (data := store.get(name)) is not None:
        image = QImage.fromData(data)
        if not image.isNull():
            return image.convertToFormat(QImage.Format.Format_RGB32)
    image = read_image(wanted.file, longest=level)
    if store is not None:
        store.put(name, _encoded(image))
    return image


def _encoded(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    lossless = max(image.width(), image.height()) <= LOSSLESS_EDGE
    writer = QImageWriter(buffer, b"png" if lossless else b"jpeg")
    writer.setQuality(QUALITY)
    writer.write(image)
    return bytes(buffer.data().data())


class Thumbnails(QObject):
    """The thumbnails in memory, and the threads that fill it.

    Signals
    -------
    ready
        A thumbnail arrived; carries the image id.
    """

    ready = Signal(int)

    def __init__(self, store: Store | None, parent: QObject, *, limit: int = MEMORY_LIMIT) -> None:
        super().__init__(parent)
        self._store = store
        self._limit = limit
        self._bytes = 0
        self._tiles: OrderedDict[Key, Tile] = OrderedDict()
        self._queue = _Queue()
        self._threads = OffThread(self, threads=THREADS)

    def tile(self, key: Key) -> Tile | None:
        """What there is for `key`, perhaps of another size than wanted now."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def want(self, wanted: Sequence[Wanted]) -> None:
        """Make these, the first first. Replaces what was wanted before; what is at hand is not made again."""
        missing = [item for item in wanted if (tile := self._tiles.get(item.key)) is None or tile.wanted != item]
        for _ in range(self._queue.replace(missing)):
            self._threads.submit(partial(self._queue.work, self._store), self._arrived)

    def forget_problems(self) -> None:
        """Try again where there was no picture: the file may be there by now."""
        for key in [key for key, tile in self._tiles.items() if tile.problem is not None]:
            self._bytes -= self._tiles.pop(key).bytes

    def close(self) -> None:
        """Want nothing more, and wait for the threads."""
        self._queue.replace([])
        self._threads.cancel_waiting()
        self._threads.wait()

    @property
    def busy(self) -> bool:
        """Whether anything wanted is still to come."""
        return self._queue.busy

    def _arrived(self, thumbnail: Thumbnail | None) -> None:
        if thumbnail is None:
            return
        wanted = thumbnail.wanted
        self._queue.finish(wanted)
        sharp = None if thumbnail.sharp is None else QPixmap.fromImage(thumbnail.sharp)
        veiled = None if thumbnail.veiled is None else QPixmap.fromImage(thumbnail.veiled)
        tile = Tile(wanted, sharp, veiled, thumbnail.problem)
        if (former := self._tiles.pop(wanted.key, None)) is not None:
            self._bytes -= former.bytes
        self._tiles[wanted.key] = tile
        self._bytes += tile.bytes
        while self._bytes > self._limit and len(self._tiles) > 1:
            self._bytes -= self._tiles.popitem(last=False)[1].bytes
        self.ready.emit(wanted.key[0])


class _Queue:
    """What is still to be made. Threads take from the front; every scroll replaces the whole."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Key, Wanted] = {}
        self._under_way: set[Wanted] = set()
        self._takers = 0

    def replace(self, wanted: Sequence[Wanted]) -> int:
        """Returns how many more threads' turns are needed."""
        with self._lock:
            self._waiting = {item.key: item for item in wanted if item not in self._under_way}
            more = max(0, len(self._waiting) - self._takers)
            self._takers += more
            return more

    def work(self, store: Store | None) -> Thumbnail | None:
        """One turn of a thread: make the most urgent one, if any is left."""
        with self._lock:
            self._takers -= 1
            if not self._waiting:
                return None
            wanted = self._waiting.pop(next(iter(self._waiting)))
            self._under_way.add(wanted)
        return make_thumbnail(wanted, store)

    def finish(self, wanted: Wanted) -> None:
        with self._lock:
            self._under_way.discard(wanted)

    @property
    def busy(self) -> bool:
        with self._lock:
            return bool(self._waiting or self._under_way)
