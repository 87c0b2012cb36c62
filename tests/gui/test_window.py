"""The window: opening, creating and closing projects, pages, menus, messages, and errors that nobody caught."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from pudm_gui import window as window_module
from pudm_gui.app import open_first
from pudm_gui.diagnostics import catch_errors
from pudm_gui.project.images import counts
from pudm_gui.project.project import Project
from pudm_gui.recent import recent_projects
from pudm_gui.session import Session
from pudm_gui.start_page import free_name
from pudm_gui.window import MainWindow
from training.errors import UserError

WAIT_MS = 60_000


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow()
    qtbot.addWidget(made)
    made.show_start()
    made.show()
    yield made
    made.close_project()


@pytest.fixture
def project(make_session: Callable[..., Session], digits: Path) -> Path:
    """A closed project of 60 digits, 5 of them sensitive."""
    session = make_session(digits, sensitive=5)
    session.project.close()
    return session.project.path


def action(window: MainWindow, text: str) -> QAction:
    return next(found for found in window.findChildren(QAction) if found.text().replace("&", "") == text)


def scanned(qtbot: QtBot, window: MainWindow) -> None:
    assert window.workspace is not None
    qtbot.waitUntil(lambda: window.workspace is not None and not window.workspace.session.scanning, timeout=WAIT_MS)


def test_without_a_project_the_start_page_offers_the_ways_in(window: MainWindow) -> None:
    assert window.stack.currentWidget() is window.start
    assert window.start.new_button.isVisible()
    assert window.start.open_button.isVisible()
    assert window.start.demo_button.isVisible()
    assert not window.rail.isVisible()
    assert not action(window, "Train").isEnabled()


def test_a_new_project_is_made_from_a_folder_of_images(
    qtbot: QtBot, window: MainWindow, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(digits))
    qtbot.mouseClick(window.start.new_button, Qt.MouseButton.LeftButton)
    form = window.start.form
    assert form.isVisible()
    assert form.images == digits
    form.project = tmp_path / "mine.pudm"
    qtbot.mouseClick(form.create_button, Qt.MouseButton.LeftButton)
    assert window.workspace is not None
    qtbot.waitUntil(lambda: counts(window.workspace.session.project).total == 60, timeout=WAIT_MS)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: window.status.images.label.text() == "60 images", timeout=WAIT_MS)
    scanned(qtbot, window)
    assert recent_projects() == [tmp_path / "mine.pudm"]
    assert "mine" in window.windowTitle()


def test_a_project_opens_on_its_label_page_with_counts_in_sight(
    qtbot: QtBot, window: MainWindow, project: Path
) -> None:
    window.open_project(project)
    assert window.rail.button("label").isChecked()
    assert window.status.sensitive.label.text() == "5"
    scanned(qtbot, window)


def test_the_window_is_painted_before_the_project_is_opened(qtbot: QtBot, project: Path) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    open_first(window, project, demo=False)
    assert window.workspace is None
    window.show()
    qtbot.waitUntil(lambda: window.workspace is not None, timeout=WAIT_MS)
    scanned(qtbot, window)
    window.close()


def test_what_a_project_needs_is_loaded_while_the_window_stays_alive(project: Path) -> None:
    script = """
import sys, threading
loaders = {}
class Watch:
    def find_spec(self, name, path=None, target=None):
        loaders.setdefault(name, threading.current_thread())
sys.meta_path.insert(0, Watch())
import pudm_gui.app as app
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pudm_gui.window import MainWindow
build = MainWindow.__init__
def built(window):
    build(window)
    window.project_changed.connect(lambda: QTimer.singleShot(0, QApplication.instance().quit))
MainWindow.__init__ = built
app.main([sys.argv[1]])
here = [name for name in ("pydantic", "pudm_gui.label.page") if loaders[name] is threading.main_thread()]
sys.exit(f"imported on the GUI thread: {here}" if here else 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(project)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_new_project_leaves_the_open_one_alone_until_a_folder_is_chosen(
    qtbot: QtBot, window: MainWindow, project: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.open_project(project)
    scanned(qtbot, window)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    action(window, "New project from a folder of images…").trigger()
    assert window.workspace is not None
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(digits))
    action(window, "New project from a folder of images…").trigger()
    assert window.workspace is None
    assert window.start.form.isVisible()


def test_a_dot_in_the_name_of_a_new_project_is_kept(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = window.start.form
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "cats 2.0"), ""))
    form._change_project()
    assert form.project == tmp_path / "cats 2.0.pudm"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "cats.pudm"), ""))
    form._change_project()
    assert form.project == tmp_path / "cats.pudm"


def test_what_is_no_project_is_refused_in_words(window: MainWindow, tmp_path: Path) -> None:
    window.open_project(tmp_path)
    assert window.workspace is None
    assert window.start.problem.isVisible()
    assert "is not a project" in window.start.problem.text


def test_a_second_window_shows_the_project_and_says_that_it_may_not_change_it(
    qtbot: QtBot, window: MainWindow, project: Path
) -> None:
    owner = Project.open(project)
    window.open_project(project)
    assert window.workspace is not None
    assert window.workspace.session.read_only
    assert window.banner.isVisible()
    assert "(read-only)" in window.windowTitle()
    assert not action(window, "Add a folder of images…").isEnabled()
    owner.close()
    qtbot.mouseClick(window.banner.findChild(window_module.QPushButton), Qt.MouseButton.LeftButton)
    assert window.workspace is not None
    assert not window.workspace.session.read_only
    assert not window.banner.isVisible()
    scanned(qtbot, window)


def test_pages_are_reached_by_rail_menu_and_keys(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    window.open_project(project)
    scanned(qtbot, window)
    assert window.workspace is not None
    qtbot.mouseClick(window.rail.button("train"), Qt.MouseButton.LeftButton)
    assert window.workspace.current_page == "train"
    action(window, "Review").trigger()
    assert window.workspace.current_page == "review"
    assert window.rail.button("review").isChecked()
    assert action(window, "Label").shortcut().toString() == "Ctrl+1"
    action(window, "Label").trigger()
    assert window.workspace.current_page == "label"


def test_a_page_that_is_shown_has_the_keyboard(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    window.open_project(project)
    scanned(qtbot, window)
    assert window.workspace is not None
    for name in ("train", "review", "export", "label"):
        qtbot.mouseClick(window.rail.button(name), Qt.MouseButton.LeftButton)
        page, focused = window.workspace.page(name), window.focusWidget()
        assert focused is page or page.isAncestorOf(focused)


def test_the_edit_menu_lists_what_the_page_can_do(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    window.open_project(project)
    scanned(qtbot, window)
    window.menus.page_menu.aboutToShow.emit()
    assert window.workspace is not None
    assert window.menus.page_menu.actions() == window.workspace.page("label").actions()


def test_a_page_that_cannot_be_made_leaves_the_others_alone(
    qtbot: QtBot,
    window: MainWindow,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    allow_log: Callable[[str], None],
) -> None:
    from pudm_gui import workspace

    def broken(*_: object) -> None:
        raise RuntimeError("no such luck")

    allow_log("could not be made")
    monkeypatch.setitem(workspace.PAGES, "export", broken)
    window.open_project(project)
    window.show_page("export")
    assert window.workspace is not None
    assert "no such luck" in window.workspace.page("export").text.text()
    window.show_page("label")
    assert window.workspace.current_page == "label"
    scanned(qtbot, window)


def test_hiding_every_picture_is_one_action_for_all_pages(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    window.open_project(project)
    scanned(qtbot, window)
    action(window, "Hide all pictures").trigger()
    assert window.workspace is not None
    assert window.workspace.session.hide_everything
    window.workspace.session.hide_everything = False
    assert not action(window, "Hide all pictures").isChecked()


def test_closing_the_project_lets_another_open_it(qtbot: QtBot, window: MainWindow, project: Path) -> None:
    window.open_project(project)
    scanned(qtbot, window)
    action(window, "Close the project").trigger()
    assert window.stack.currentWidget() is window.start
    Project.open(project).close()


def test_the_window_may_be_closed_while_it_scans(qtbot: QtBot, digits: Path, tmp_path: Path) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    window.create_project(tmp_path / "scan.pudm", digits)
    assert window.workspace is not None
    window.workspace.session.start_scan()
    window.close()
    Project.open(tmp_path / "scan.pudm").close()


def test_a_folder_that_is_dropped_becomes_an_offer(window: MainWindow, digits: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(digits))])
    arguments = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entered = QDragEnterEvent(QPoint(5, 5), *arguments)
    window.dragEnterEvent(entered)
    assert entered.isAccepted()
    window.dropEvent(QDropEvent(QPoint(5, 5), *arguments))
    assert window.start.form.isVisible()
    assert window.start.form.images == digits


def test_the_theme_is_chosen_in_the_menu(window: MainWindow, qapp: QApplication) -> None:
    from pudm_gui.theme import current_theme

    action(window, "Dark").trigger()
    assert current_theme().dark
    action(window, "Light").trigger()
    assert not current_theme().dark


def test_a_user_error_that_nobody_caught_is_told_and_a_defect_is_logged(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, allow_log: Callable[[str], None]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    catch_errors(lambda sentence: window.tell(sentence, "error"))
    mistake = UserError("The disk is full.")
    sys.excepthook(UserError, mistake, None)
    assert window.overlay.isVisible()
    assert window.overlay.text == "The disk is full."
    allow_log("Uncaught exception")
    sys.excepthook(ZeroDivisionError, ZeroDivisionError("x"), None)
    assert "ZeroDivisionError" in window.overlay.text
    assert "Your labels are saved" in window.overlay.text


def test_a_file_name_in_a_message_is_no_markup(window: MainWindow) -> None:
    window.tell("a<b>c</b>.png cannot be read.", "warning")
    assert window.overlay.label.textFormat() == Qt.TextFormat.PlainText


def test_an_error_is_not_pushed_away_by_good_news(window: MainWindow) -> None:
    window.tell("The disk is full.", "error")
    window.tell("Saved.", "info")
    assert window.overlay.text == "The disk is full."


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    assert free_name(tmp_path / "a.pudm") == tmp_path / "a.pudm"
    (tmp_path / "a.pudm").mkdir()
    (tmp_path / "a 2.pudm").mkdir()
    assert free_name(tmp_path / "a.pudm") == tmp_path / "a 3.pudm"


def test_the_program_imports_no_engine_and_shows_its_window(project: Path, tmp_path: Path) -> None:
    script = """
import sys
import pudm_gui.app as app
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pudm_gui.window import MainWindow
build = MainWindow.__init__
def built(window):
    build(window)
    window.project_changed.connect(lambda: [window.show_page(n) for n in ("train", "review", "export")])
    window.project_changed.connect(lambda: QTimer.singleShot(0, QApplication.instance().quit))
MainWindow.__init__ = built
status = app.main([sys.argv[1]])
heavy = {"torch", "torchvision", "diffusers", "transformers", "sklearn"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else status)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(project)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_work_of_a_page_ends_before_its_project_is_closed(
    qtbot: QtBot, window: MainWindow, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate, ended = threading.Event(), threading.Event(), []

    def slow(opened: Project, *_: object, **__: object) -> None:
        begun.set()
        gate.wait(10)
        ended.append(Path(opened.path, ".lock").is_file() and opened.db.execute("SELECT 1").fetchone()[0])
        raise UserError("Nobody is there any more.")

    monkeypatch.setattr("pudm_gui.train.page.create_run", slow)
    window.open_project(project)
    scanned(qtbot, window)
    window.show_page("train")
    assert window.workspace is not None
    page = window.workspace.page("train")
    page.setup.model.scratch.setChecked(True)
    qtbot.mouseClick(page.setup.start, Qt.MouseButton.LeftButton)
    assert begun.wait(10)
    threading.Timer(0.2, gate.set).start()
    window.close_project()
    assert ended == [1]
    assert not window.overlay.isVisible()
