"""What every window test has: real images in a real project, and a watch for leaked threads and log lines."""

from __future__ import annotations

import gc
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThread

from pudm_gui.jobs import JobRunner
from pudm_gui.session import Session

HERE = Path(__file__).parent
THREAD_PATIENCE_MS = 3000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:  # the offscreen platform says this about every window and popup
            item.add_marker(
                pytest.mark.qt_log_ignore("does not support (propagateSizeHints|raise|grabbing)", extend=True)
            )


class LogWatch:
    """The log records of a test, and which of them it expects."""

    def __init__(self) -> None:
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """Expect records whose message matches `pattern` somewhere."""
        self._allowed.append(re.compile(pattern))

    def unexpected(self, records: list[logging.LogRecord]) -> list[str]:
        return [
            f"{record.levelname} {record.name}: {record.getMessage()}"
            for record in records
            if record.levelno >= logging.WARNING
            and not any(pattern.search(record.getMessage()) for pattern in self._allowed)
        ]


@pytest.fixture(autouse=True)
def allow_log(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[str], None]]:
    """A log record of WARNING or above fails the test, unless ``allow_log(pattern)`` was called for it."""
    watch = LogWatch()
    yield watch.allow
    records = [record for phase in ("setup", "call", "teardown") for record in caplog.get_records(phase)]
    if unexpected := watch.unexpected(records):
        pytest.fail("Unexpected log records:\n" + "\n".join(unexpected), pytrace=False)


@pytest.fixture(autouse=True)
def _no_leaked_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A thread that outlives its test fails it, with the place where it was started."""
    started: list[tuple[QThread, str]] = []
    start = QThread.start

    def remembering_start(thread: QThread, *arguments: QThread.Priority) -> None:
        started.append((thread, "".join(traceback.format_stack(limit=6)[:-1])))
        start(thread, *arguments)

    monkeypatch.setattr(QThread, "start", remembering_start)
    before = set(threading.enumerate())
    yield
    _delete_later_now()
    leaked = [place for thread, place in started if _still_runs(thread)]
    after = [t for t in threading.enumerate() if t not in before and not isinstance(t, threading._DummyThread)]
    for thread in after:
        thread.join(THREAD_PATIENCE_MS / 1000)
    leaked += [f"Python thread {thread.name}" for thread in after if thread.is_alive()]
    if leaked:
        pytest.fail("Leaked threads, started at:\n" + "\n".join(leaked), pytrace=False)


def _still_runs(thread: QThread) -> bool:
    try:
        return not thread.wait(THREAD_PATIENCE_MS)
    except RuntimeError:  # already deleted, and a QThread is never deleted while it runs
        return False


def _delete_later_now() -> None:
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, caches and logs of a test are its own."""
    for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home" / variable.lower()))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "home" / "settings"))


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 60 real handwritten digits, 8×8, as PNG files named DIGIT-NUMBER.png."""
    from PIL import Image
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("digits")
    data = load_digits()
    for number, (pixels, digit) in enumerate(zip(data.images[:60], data.target[:60], strict=True)):
        grey = (pixels / 16 * 255).round().astype("uint8")
        Image.fromarray(grey).save(folder / f"{digit}-{number:03d}.png")
    return folder


@pytest.fixture
def make_session(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """``make_session(folder, name="digits.pudm", sensitive=…)``: a session on a new, scanned project."""
    sessions: list[Session] = []

    def make(folder: Path, name: str = "digits.pudm", sensitive: int = 0, normal: int = 0) -> Session:
        from pudm_gui.project.images import image_ids
        from pudm_gui.project.labels import set_label
        from pudm_gui.project.model import ImageFilter, Label
        from pudm_gui.project.project import Project
        from pudm_gui.project.roots import add_root
        from pudm_gui.project.scan import scan

        project = Project.create(tmp_path / name)
        add_root(project, folder)
        scan(project, progress=lambda _: None, cancelled=lambda: False)
        ids = image_ids(project, ImageFilter())
        if sensitive:
            set_label(project, ids[:sensitive], Label.SENSITIVE)
        if normal:
            set_label(project, ids[sensitive : sensitive + normal], Label.NORMAL)
        sessions.append(Session(project))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def session(make_session: Callable[..., Session], digits: Path) -> Session:
    """A session on a project of 60 unlabeled digits."""
    return make_session(digits)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Puts `fake_engine` in the real one's place and gives its command line; ends what it left running."""
    script = HERE / "fake_engine.py"

    def command(stage: str, *arguments: str | Path) -> list[str]:
        return [sys.executable, str(script), stage, *map(str, arguments)]

    monkeypatch.setattr("pudm_gui.jobs.engine_command", command)
    yield command
    for process in psutil.Process().children():
        if process.status() != psutil.STATUS_ZOMBIE and str(script) in process.cmdline():
            process.kill()


@pytest.fixture
def jobs(qapp: object) -> Iterator[JobRunner]:
    """A job runner that follows no longer when the test ends."""
    runner = JobRunner()
    yield runner
    runner.close()
