"""Image files as tiles: decoded off the GUI thread, scaled smoothly, with a blurred twin that gives nothing away."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from pudm_gui.widgets.off_thread import OffThread
from training.images import ImageError, load

CACHE_BYTES = 96 * 2**20
BLUR_CELLS = 5
"""A blurred tile is made of at most this many cells across, whatever the size of its image."""
BLUR_PIXELS = 48
"""Size at which blurred tiles are kept; they are smooth, so painting may enlarge them."""


@dataclass(frozen=True, slots=True)
class DecodedTile:
    """Off-thread result: images, or the reason why there are none."""

    sharp: QImage | None
    blurred: QImage | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """What is painted. `size` is the edge in device pixels that it was made for."""

    sharp: QPixmap | None
    blurred: QPixmap | None
    problem: str
    size: int


def decode_tile(file: Path, size: int) -> DecodedTile:
    """Read `file`, fit it into `size` × `size` device pixels, and blur a copy."""
    try:
        image = load(file, at_least=size).convert("RGB")
    except ImageError as error:
        return DecodedTile(None, None, str(error))
    return DecodedTile(to_qimage(fit(image, size)), to_qimage(blur(image, BLUR_PIXELS)))


def fit(image: Image.Image, size: int) -> Image.Image:
    """Scale so that the longer side is `size`, smoothly in both directions."""
    width, height = image.size
    scale = size / max(width, height)
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image if target == image.size else image.resize(target, Image.Resampling.BICUBIC)


def blur(image: Image.Image, size: int) -> Image.Image:
    """Keep a few cells of colour; an 8 × 8 digit is as unreadable afterwards as a photo."""
    cells = max(2, min(BLUR_CELLS, min(image.size) // 3))
    return image.resize((cells, cells), Image.Resampling.BOX).resize((size, size), Image.Resampling.BICUBIC)


def to_qimage(image: Image.Image) -> QImage:
    data = image.convert("RGB").tobytes()
    return QImage(data, image.width, image.height, 3 * image.width, QImage.Format.Format_RGB888).copy()


class TileCache(QObject):
    """Pixmaps of a list of files, made on demand, the least recently used forgotten."""

    loaded = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work = OffThread(parent)
        self._files: Sequence[Path] = ()
        self._generation = 0
        self._tiles: OrderedDict[int, Tile] = OrderedDict()
        self._bytes = 0
        self._waiting: set[tuple[int, int]] = set()

    def set_files(self, files: Sequence[Path]) -> None:
        self._work.cancel_waiting()
        self._files = files
        self._generation += 1
        self._tiles.clear()
        self._bytes = 0
        self._waiting.clear()

    def tile(self, index: int, size: int) -> Tile | None:
        """The tile, or an older size of it, or None; what is missing is on its way and announced by `loaded`."""
        tile = self._tiles.get(index)
        if tile is not None:
            self._tiles.move_to_end(index)
            if tile.size == size or tile.problem:
                return tile
        self._request(index, size)
        return tile

    def forget_waiting(self) -> None:
        """Drop requests that have not begun: the view has moved on."""
        self._work.cancel_waiting()
        self._waiting.clear()

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def _request(self, index: int, size: int) -> None:
        if (index, size) in self._waiting:
            return
        self._waiting.add((index, size))
        file, generation = self._files[index], self._generation
        self._work.submit(
            lambda: decode_tile(file, size), lambda decoded: self._store(generation, index, size, decoded)
        )

    def _store(self, generation: int, index: int, size: int, decoded: DecodedTile) -> None:
        if generation != self._generation:
            return
        self._waiting.discard((index, size))
        if (old := self._tiles.pop(index, None)) is not None:
            self._bytes -= _weight(old)
        tile = Tile(_pixmap(decoded.sharp), _pixmap(decoded.blurred), decoded.problem, size)
        self._tiles[index] = tile
        self._bytes += _weight(tile)
        while self._bytes > CACHE_BYTES and len(self._tiles) > 1:
            _, oldest = self._tiles.popitem(last=False)
            self._bytes -= _weight(oldest)
        self.loaded.emit(index)


def _pixmap(image: QImage | None) -> QPixmap | None:
    return None if image is None else QPixmap.fromImage(image)


def _weight(tile: Tile) -> int:
    return sum(4 * p.width() * p.height() for p in (tile.sharp, tile.blurred) if p is not None)
