"""Pictures of a run's previews, read off the GUI thread and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from pudm_gui.train.progress import Preview
from pudm_gui.train.sample_painting import blurred, spaced
from pudm_gui.widgets.off_thread import OffThread
from training.runs import RunFolder

Key = tuple[Path, bool]
"""Path of a sheet, and whether it is kept large."""
KEPT_BYTES = 256 * 2**20
SMALL, LARGE = 512, 2048
"""Longest sides at which sheets are kept: for the filmstrip, and for one that is looked at. A sheet of sixteen images
of 1024 pixels would take 64 MB as it is."""
ALL_AT_ONCE = 4
"""Large sheets are the few that are looked at; they are never more than this."""


class SampleStore(QObject):
    """Hands out pictures by path; what is not there yet is read, and `arrived` says when it is.

    Signals
    -------
    arrived
        Some picture has been read.
    """

    arrived = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work = OffThread(self, threads=1)
        self._kept: OrderedDict[Key, tuple[QImage, QImage]] = OrderedDict()
        self._asked: set[Key] = set()

    def get(self, run: RunFolder, preview: Preview, *, blur: bool, large: bool = False) -> QImage | None:
        """The picture of `preview`; None while it is being read, an empty one where it cannot be.

        `large`: for a picture that has the window to itself.
        """
        key = (run.path / preview.path, large)
        pair = self._kept.get(key)
        if pair is None:
            self._ask(key, preview)
            return None
        self._kept.move_to_end(key)
        return pair[1] if blur else pair[0]

    def forget(self, path: Path) -> None:
        """Read `path` anew the next time."""
        for large in (False, True):
            self._kept.pop((path, large), None)

    def _ask(self, key: Key, preview: Preview) -> None:
        if key in self._asked:
            return
        self._asked.add(key)
        path, large = key

        def read() -> tuple[QImage, QImage]:
            image = QImage(str(path))
            if image.isNull():
                return image, image
            return _within(spaced(image, preview.columns, preview.count), LARGE if large else SMALL), blurred(image)

        def keep(pair: tuple[QImage, QImage]) -> None:
            self._asked.discard(key)
            self._kept[key] = pair
            self._make_room()
            self.arrived.emit()

        self._work.submit(read, keep)

    def _make_room(self) -> None:
        """Forget the least recently used, but never so many that those on the screen push each other out."""
        large = [key for key in self._kept if key[1]]
        for key in large[:-ALL_AT_ONCE]:
            del self._kept[key]
        while len(self._kept) > ALL_AT_ONCE and self._bytes() > KEPT_BYTES:
            self._kept.popitem(last=False)

    def _bytes(self) -> int:
        return sum(image.sizeInBytes() for pair in self._kept.values() for image in pair)


def _within(image: QImage, side: int) -> QImage:
    """`image`, made smaller where it is longer than `side`."""
    if max(image.width(), image.height()) <= side:
        return image
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
