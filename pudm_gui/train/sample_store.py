"""Pictures of a run's previews, read off the GUI thread and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from pudm_gui.train.progress import Preview
from pudm_gui.train.sample_painting import blurred, spaced
from pudm_gui.widgets.off_thread import OffThread
from training.runs import RunFolder

KEPT = 200


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
        self._kept: OrderedDict[Path, tuple[QImage, QImage]] = OrderedDict()
        self._asked: set[Path] = set()

    def get(self, run: RunFolder, preview: Preview, *, blur: bool) -> QImage | None:
        """The picture of `preview`; None while it is being read, an empty one where it cannot be."""
        path = run.path / preview.path
        pair = self._kept.get(path)
        if pair is None:
            self._ask(path, preview)
            return None
        self._kept.move_to_end(path)
        return pair[1] if blur else pair[0]

    def forget(self, path: Path) -> None:
        """Read `path` anew the next time."""
        self._kept.pop(path, None)

    def _ask(self, path: Path, preview: Preview) -> None:
        if path in self._asked:
            return
        self._asked.add(path)

        def read() -> tuple[QImage, QImage]:
            image = QImage(str(path))
            if image.isNull():
                return image, image
            return spaced(image, preview.columns, preview.count), blurred(image)

        def keep(pair: tuple[QImage, QImage]) -> None:
            self._asked.discard(path)
            self._kept[path] = pair
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            self.arrived.emit()

        self._work.submit(read, keep)
