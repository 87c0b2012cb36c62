"""What the engine printed, one click away."""

from __future__ import annotations

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from training.runs import RunFolder

SHOWN_BYTES = 200_000
REFRESH_MS = 1000


class LogView(QWidget):
    """The end of a run's log; follows it while it is shown.

    Signals
    -------
    closed
        Back to the curves.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunFolder | None = None
        self._size = -1
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(QLabel(self.tr("Log of the engine")), 1)
        folder = QPushButton(self.tr("Open the run's folder"))
        folder.clicked.connect(self._open_folder)
        close = QPushButton(self.tr("Back to the curves"))
        close.clicked.connect(self.closed)
        row.addWidget(folder)
        row.addWidget(close)
        layout.addLayout(row)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setProperty("role", "mono")
        self.text.setAccessibleName(self.tr("Log"))
        self.text.setPlaceholderText(self.tr("Nothing was printed."))
        layout.addWidget(self.text, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._read)

    def show_run(self, run: RunFolder | None) -> None:
        self._run, self._size = run, -1
        if self.isVisible():
            self._read()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._size = -1
        self._read()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _read(self) -> None:
        text, size = "", 0
        if self._run is not None and self._run.log_file.is_file():
            with self._run.log_file.open("rb") as file:
                size = file.seek(0, 2)
                if size == self._size:
                    return
                file.seek(max(0, size - SHOWN_BYTES))
                text = file.read().decode("utf-8", "replace")
        self._size = size
        bar = self.text.verticalScrollBar()
        at_end = bar.value() >= bar.maximum()
        self.text.setPlainText(text)
        if at_end:
            bar.setValue(bar.maximum())

    def _open_folder(self) -> None:
        if self._run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._run.path)))
