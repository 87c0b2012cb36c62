"""The tags of the project: how often each is used, and which number key each has."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, QTimer, Signal

from pudm_gui.project.model import Change
from pudm_gui.project.tags import tag_counts
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread

NUMBERS = 9
PAUSE_MS = 400
"""Tags are counted anew when no label was given for so long."""


class TagStock(QObject):
    """Counts of all tags, and nine of them in the order of the number keys.

    Pinned tags come first and are remembered with the project's place; then the most used when the project was opened.
    A number keeps its tag as long as the window is open, whatever is tagged meanwhile, so that the hand can learn it;
    new tags take the numbers that are free.

    Signals
    -------
    changed
        Counts or numbers.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.counts: dict[str, int] = {}
        self.pinned: list[str] = self._load_pins()
        self.numbered: list[str] = list(self.pinned)
        self._asking = self._again = self._closed = False
        self._thread = OffThread(self, threads=1)
        self._later = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._later.timeout.connect(self.count)
        session.labels_changed.connect(self._changed)
        self.count()

    @property
    def busy(self) -> bool:
        return self._asking or self._later.isActive()

    def tag_of(self, number: int) -> str | None:
        """The tag of a number key, 1 to 9."""
        return self.numbered[number - 1] if number <= len(self.numbered) else None

    def pin(self, tag: str, pinned: bool) -> None:
        """Keep a tag's number over restarts, or let it go. It stays where it is for now."""
        kept = set(self.pinned) - {tag} | ({tag} if pinned else set())
        self.pinned = [one for one in self.numbered if one in kept]
        QSettings().setValue(self._key, self.pinned)
        self.changed.emit()

    def count(self) -> None:
        """Count again, off the window's thread."""
        if self._closed:
            return
        if self._asking:
            self._again = True
            return
        self._asking = True
        project = self._session.project
        self._thread.submit(lambda: tag_counts(project), self._counted, failed=self._failed)

    def close(self) -> None:
        """Wait for the thread: the project is about to be closed."""
        self._closed = True
        self._later.stop()
        self._thread.cancel_waiting()
        self._thread.wait()

    @property
    def _key(self) -> str:
        place = str(self._session.project.path).encode("utf-8", "surrogateescape").hex()
        return f"label/pinned_tags/{place}"

    def _load_pins(self) -> list[str]:
        stored = QSettings().value(self._key, [])
        pins = [stored] if isinstance(stored, str) else stored  # one value alone is read as text
        return [str(tag) for tag in pins][:NUMBERS] if isinstance(pins, list) else []

    def _changed(self, change: Change) -> None:
        self._later.start()

    def _counted(self, counts: dict[str, int]) -> None:
        self._asking = False
        if self._closed:
            return
        free = [tag for tag in counts if tag not in self.numbered]
        numbered = (self.numbered + free)[:NUMBERS]
        if counts != self.counts or numbered != self.numbered:
            self.counts, self.numbered = counts, numbered
            self.changed.emit()
        if self._again:
            self._again = False
            self.count()

    def _failed(self) -> None:
        self._asking = False
