"""The job "Prepare all thumbnails": begun, paused and ended by the person, and taken up when the project is opened."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QObject, QSettings, QTimer, Signal

from pudm_gui.label.grid.preparation import End, Preparation, Progress, RoomyStore
from pudm_gui.label.grid.thumbnails import Thumbnails
from pudm_gui.session import Session
from pudm_gui.widgets.status_line import Activity

SETTING = "label/preparing"
"""Paths of the projects whose thumbnails are still being prepared."""
TELL_MS = 250


class Preparing(QObject):
    """Runs a `Preparation` on the threads of `thumbnails`, behind everything that is on the screen.

    Signals
    -------
    activity
        An `Activity` for the status line; None when there is none.
    told
        A sentence about how it ended.
    """

    activity = Signal(object)
    told = Signal(str)

    def __init__(self, session: Session, thumbnails: Thumbnails, store: RoomyStore | None, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._thumbnails, self._store = session, thumbnails, store
        self._job: Preparation | None = None
        self._paused = False
        self._telling = QTimer(self, interval=TELL_MS)
        self._telling.timeout.connect(self._tell)

    @property
    def possible(self) -> bool:
        """Whether thumbnails are kept: a project that is open read-only keeps none."""
        return self._store is not None

    @property
    def under_way(self) -> bool:
        return self._job is not None

    def start(self, edge: int) -> None:
        """Begin, for pictures of `edge` device pixels."""
        if self._store is None or self._job is not None:
            return
        self._remember(True)
        self._job, self._paused = Preparation(self._session.project, self._store, edge), False
        self._thumbnails.do_later(self._job.step)
        self._telling.start()
        self._tell()

    def take_up(self, edge: int) -> None:
        """Begin where the window was closed before the end."""
        if str(self._session.project.path) in _remembered():
            self.start(edge)

    def pause_or_go_on(self) -> None:
        if self._job is not None:
            self._paused = not self._paused
            self._thumbnails.do_later(None if self._paused else self._job.step)
            self._tell()

    def stop(self) -> None:
        """End it for good. What is prepared stays."""
        if self._job is not None:
            self._remember(False)
            self._end(self.tr("Thumbnails are no longer prepared; those that are ready stay"))

    def close(self) -> None:
        """The window closes: the next one goes on."""
        self._telling.stop()
        self._thumbnails.do_later(None)
        self._job = None

    def _tell(self) -> None:
        if self._job is None:
            return
        progress = self._job.progress
        if progress.end is not None:
            self._remember(False)
            sentences: dict[End, str] = {
                "done": self.tr("All thumbnails are ready"),
                "full": self.tr("The disk is nearly full, so no more thumbnails are prepared"),
                "failed": self.tr(
                    "A problem ended the preparation of thumbnails; those that are ready stay. Begin again to go on"
                ),
            }
            self._end(sentences[progress.end])
            return
        fraction = progress.done / progress.total if progress.total else None
        self.activity.emit(Activity(self._words(progress), fraction, self._paused))

    def _words(self, progress: Progress) -> str:
        if not progress.total:
            return self.tr("Preparing thumbnails")
        number = QLocale().toString
        return self.tr("Preparing thumbnails: {done} of {total}").format(
            done=number(progress.done), total=number(progress.total)
        )

    def _end(self, sentence: str) -> None:
        self._telling.stop()
        self._thumbnails.do_later(None)
        self._job = None
        self.activity.emit(None)
        self.told.emit(sentence)

    def _remember(self, unfinished: bool) -> None:
        path = str(self._session.project.path)
        paths = [other for other in _remembered() if other != path]
        QSettings().setValue(SETTING, [*paths, path] if unfinished else paths)


def _remembered() -> list[str]:
    stored = QSettings().value(SETTING, [])
    if isinstance(stored, str):
        return [stored]
    return [str(path) for path in stored] if isinstance(stored, list) else []
