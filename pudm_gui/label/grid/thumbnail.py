"""One thumbnail: what is wanted, how a thread makes it, and what the grid paints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QBuffer
from PySide6.QtGui import QImage, QImageWriter, QPixmap

from pudm_gui.label.decode import fitted, read_image
from pudm_gui.label.veil import Veil
from pudm_gui.project.model import ImageRow
from training.images import ImageError

LEVELS = (192, 384, 768)
"""Longer edges of the thumbnails on disk: the smallest that is large enough is used."""
LOSSLESS_EDGE = 64
"""Images no larger than this are stored as PNG: a tiny JPEG shows its artefacts when enlarged."""
QUALITY = 88

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
    content: str
    """What names the content of the file: its digest where that is known."""
    edge: int
    veil: Veil

    @classmethod
    def of(cls, row: ImageRow, edge: int, veil: Veil) -> Wanted:
        return cls(key_of(row), row.file, row.sha256 or f"{row.file}|{row.size}|{row.modified}", edge, veil)

    @property
    def level(self) -> int:
        """Longer edge of the thumbnail on disk."""
        return next((level for level in LEVELS if level >= self.edge), LEVELS[-1])

    @property
    def stored_as(self) -> str:
        return f"{self.content}@{self.level}"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """What a thread has made."""

    wanted: Wanted
    picture: QImage | None = None
    native: int = 0
    """Longer edge in pixels of what `picture` was made from."""
    problem: str | None = None
    fresh: QImage | None = None
    """What is still to be stored, where it comes from the file."""


class Tile:
    """A thumbnail ready to paint, or the sentence why there is none.

    Few images are ever veiled, so that a veil is made when it is asked for: a fraction of a millisecond.
    """

    __slots__ = ("_native", "_veiled", "problem", "sharp", "wanted")

    def __init__(self, made: Thumbnail) -> None:
        self.wanted = made.wanted
        self.problem = made.problem
        self.sharp = None if made.picture is None else QPixmap.fromImage(made.picture)
        self._native = made.native
        self._veiled: QPixmap | None = None

    @property
    def veiled(self) -> QPixmap | None:
        if self._veiled is None and self.sharp is not None:
            veiled = self.wanted.veil.over(self.sharp.toImage(), native=self._native)
            self._veiled = QPixmap.fromImage(veiled)
        return self._veiled

    @property
    def veil_is_made(self) -> bool:
        return self._veiled is not None or self.sharp is None

    @property
    def bytes(self) -> int:
        """Without a veil, which adds a small and always equal amount."""
        return 200 + (0 if self.sharp is None else 4 * self.sharp.width() * self.sharp.height())


def make_thumbnail(wanted: Wanted, store: Store | None) -> Thumbnail:
    """Read and scale one picture. For threads."""
    try:
        base = _stored(wanted, store)
        fresh = None
        if base is None:
            base = read_image(wanted.file, longest=wanted.level)
            fresh = base if store is not None else None
    except ImageError as error:
        return Thumbnail(wanted, problem=str(error))
    return Thumbnail(wanted, fitted(base, wanted.edge), max(base.width(), base.height()), fresh=fresh)


def encoded(image: QImage) -> bytes:
    """As it is stored."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    lossless = max(image.width(), image.height()) <= LOSSLESS_EDGE
    writer = QImageWriter(buffer, b"png" if lossless else b"jpeg")
    writer.setQuality(QUALITY)
    writer.write(image)
    return bytes(buffer.data().data())


def _stored(wanted: Wanted, store: Store | None) -> QImage | None:
    data = None if store is None else store.get(wanted.stored_as)
    if data is None:
        return None
    # With its format, for the reason that `decode` gives.
    name = "PNG" if data.startswith(b"\x89PNG") else "JPEG"
    image = QImage.fromData(data, name)  # type: ignore[arg-type]  # the stub says bytes, which PySide refuses
    return None if image.isNull() else image.convertToFormat(QImage.Format.Format_RGB32)
