"""Where the window writes down what went wrong, and how it says so without dying."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QStandardPaths, QtMsgType, qInstallMessageHandler

from training.errors import UserError

logger = logging.getLogger("pudm_gui")
qt_logger = logging.getLogger("qt")

LOG_BYTES = 1_000_000
QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def log_file() -> Path:
    """The window's own log, in the user's state folder."""
    place = QStandardPaths.StandardLocation
    folder = QStandardPaths.writableLocation(getattr(place, "StateLocation", place.AppLocalDataLocation))
    return Path(folder) / "pudm-gui.log"


def start_logging() -> Path:
    """Send log records, Qt's messages among them, to `log_file()`, and warnings to stderr too."""
    path = log_file()
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    root.addHandler(console)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        to_file = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8", delay=True)
        to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(to_file)
    except OSError as error:
        logger.warning("No log file is written: %s", error)
    qInstallMessageHandler(_qt_message)
    return path


def catch_errors(tell: Callable[[str], None]) -> None:
    """From now on an exception that nobody caught is logged and told in a sentence, and the window goes on."""

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        if isinstance(error, UserError):
            tell(str(error))
            return
        logger.error("Uncaught exception", exc_info=(kind, error, trace))
        tell(defect_sentence(error))

    sys.excepthook = caught
    threading.excepthook = lambda args: logger.error(
        "Uncaught exception on %s",
        args.thread.name if args.thread else "a thread",
        exc_info=(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback),
    )


def defect_sentence(error: BaseException) -> str:
    from PySide6.QtCore import QCoreApplication

    told = QCoreApplication.translate(
        "Diagnostics",
        "Something in the program went wrong ({kind}). Your labels are saved. If it happens again, please report it "
        "with the log: Help, Show the log.",
    )
    return told.format(kind=type(error).__name__)


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    if "propagateSizeHints" not in message:  # the offscreen platform, about every window
        qt_logger.log(QT_LEVELS.get(kind, logging.WARNING), "%s", message)
