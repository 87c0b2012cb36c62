"""A label that was seen is a label that is kept, whatever happens to the window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pudm_gui.project.images import image_ids, labels_for
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from pudm_gui.session import Session

WINDOW = """
import sys
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pudm_gui.window import MainWindow

app = QApplication([])
window = MainWindow()
window.show()
window.open_project(Path(sys.argv[1]))
window.activateWindow()
QTest.qWaitForWindowActive(window)
page = window.workspace.page("label")
while not page.model.loaded or page.busy or window.workspace.session.scanning:
    app.processEvents()


class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and page.model.labels[7]:
            print("painted", flush=True)
        return False


watch = Painted()
page.view.viewport().installEventFilter(watch)
QTest.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=page.view.sight.rect(7).center())
QTest.keyClick(page.view, Qt.Key.Key_S)
app.exec()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="This system has no SIGKILL.")
def test_a_label_on_the_screen_survives_kill(session: Session) -> None:
    path = session.project.path
    session.project.close()
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    repository = Path(__file__).resolve().parents[3]
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=repository,
    )
    try:
        assert window.stdout is not None
        assert window.stdout.readline() == "painted\n"
        window.send_signal(signal.SIGKILL)
    finally:
        window.kill()
        window.wait()
        window.stdout.close()
    with Project.open(path) as project:
        labels = labels_for(project, image_ids(project))
    assert [place for place, label in enumerate(labels) if label == Label.SENSITIVE] == [7]
