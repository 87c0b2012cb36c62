"""Threads that decode and a window that connects signals take Python's lock and Qt's: never in opposite order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

BOTH = """
import os
import sys
import threading
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QImage

from pudm_gui.label.decode import read_image
from pudm_gui.label.grid.thumbnail import encoded

app = QCoreApplication([])
files = sorted(Path(sys.argv[1]).iterdir())
made = 0


class Sender(QObject):
    sent = Signal()

    def disconnectNotify(self, signal):  # Qt asks for this with one of its locks held
        pass


def decode():
    global made
    while True:
        for file in files:
            QImage.fromData(encoded(read_image(file, longest=192)), "PNG")
            made += 1


for _ in range(3):
    threading.Thread(target=decode, daemon=True).start()
senders, until = [Sender() for _ in range(200)], time.monotonic() + 1
while time.monotonic() < until:
    for sender in senders:
        sender.sent.connect(print)
    for sender in senders:
        sender.sent.disconnect(print)
print(made > 100, flush=True)
os._exit(0)
"""


SUFFIXES = ("png", "jpg", "gif", "bmp", "webp")


def test_every_format_is_decoded_beside_a_window_that_connects(tmp_path: Path) -> None:
    for number, suffix in enumerate(4 * SUFFIXES):
        Image.new("RGB", (8, 8), (10 * number, 0, 0)).save(tmp_path / f"{number}.{suffix}")
    repository = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", BOTH, str(tmp_path)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "True", done.stderr
