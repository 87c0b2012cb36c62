"""Tables that are dropped on a page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".jsonlines")


class TableDrops(QObject):
    """Takes one table at a time. All else, such as a folder of images, is left to the window.

    Signals
    -------
    dropped
        The `Path` of a table.
    """

    dropped = Signal(object)

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        page.setAcceptDrops(True)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent) and event.type() in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            table = _table(event)
            if table is not None:
                event.acceptProposedAction()
                if not isinstance(event, QDragEnterEvent):
                    self.dropped.emit(table)
                return True
        return super().eventFilter(watched, event)


def _table(event: QDropEvent) -> Path | None:
    """The one table that is being dragged."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.suffix.lower() in ENDINGS and path.is_file() else None
