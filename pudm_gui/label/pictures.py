"""Whole pictures for the close-up, decoded on a thread, the newest wish first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from pudm_gui.label.decode import read_image
from pudm_gui.label.grid.thumbnail import Key, key_of
from pudm_gui.label.veil import Veil
from pudm_gui.project.model import ImageRow
from pudm_gui.widgets.off_thread import OffThread
from training.images import ImageError

LONGEST = 6000
"""Larger pictures are scaled down to this longer edge: no screen shows more, and memory stays below 150 MB each."""
KEPT = 4
COARSE_EDGE = 1200
"""A veil needs no more pixels than this along the longer edge."""
SOFT_EDGE = 512
"""Longer edge of a veiled picture: enough that stretching it over a page shows no grid."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, or the sentence why there is none."""

    key: Key
    veil: Veil
    sharp: QImage | None = None
    veiled: QImage | None = None
    problem: str | None = None

    @property
    def size(self) -> QSize:
        return QSize() if self.sharp is None else self.sharp.size()


def load_picture(row: ImageRow, veil: Veil) -> Picture:
    """For threads."""
    if row.problem is not None:
        return Picture(key_of(row), veil, problem=row.problem)
    try:
        image = read_image(row.file, longest=LONGEST)
    except ImageError as error:
        return Picture(key_of(row), veil, problem=str(error))
    native = max(image.width(), image.height())
    return Picture(key_of(row), veil, image, veil.over(_coarse(image), native=native, soft_edge=SOFT_EDGE))


def _coarse(image: QImage) -> QImage:
    """Fewer pixels: scaling a large picture smoothly would hold up the window, which waits for Python's lock."""
    if max(image.width(), image.height()) <= COARSE_EDGE:
        return image
    return image.scaled(COARSE_EDGE, COARSE_EDGE, Qt.AspectRatioMode.KeepAspectRatio)


class Pictures(QObject):
    """Whole pictures, the last few of them kept.

    Signals
    -------
    ready
        A `Picture` arrived; it may be one that is no longer wanted.
    """

    ready = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[Key, Picture] = OrderedDict()
        self._under_way: set[Key] = set()
        self._thread = OffThread(self, threads=1)

    def get(self, row: ImageRow, veil: Veil) -> Picture | None:
        """The picture where it is at hand; otherwise it is made, and `ready` tells."""
        picture = self._kept.get(key_of(row))
        if picture is not None and picture.veil == veil:
            self._kept.move_to_end(picture.key)
            return picture
        if key_of(row) not in self._under_way:  # what was prepared as the next one is not made twice
            self._thread.cancel_waiting()
            self._under_way.clear()
            self._make(row, veil)
        return None

    def prepare(self, row: ImageRow, veil: Veil) -> None:
        """Make a picture that will probably be wanted next."""
        if key_of(row) not in self._kept:
            self._make(row, veil)

    @property
    def busy(self) -> bool:
        return bool(self._under_way)

    def close(self) -> None:
        """Wait for the thread."""
        self._thread.cancel_waiting()
        self._thread.wait()

    def _make(self, row: ImageRow, veil: Veil) -> None:
        if key_of(row) not in self._under_way:
            self._under_way.add(key_of(row))
            self._thread.submit(
                lambda: load_picture(row, veil),
                self._arrived,
                failed=lambda: self._under_way.discard(key_of(row)),
            )

    def _arrived(self, picture: Picture) -> None:
        self._under_way.discard(picture.key)
        self._kept[picture.key] = picture
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self.ready.emit(picture)
