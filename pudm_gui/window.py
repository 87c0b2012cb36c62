"""The window: rail, pages, status line, messages, and a project in it or the start page.

Imports no page, no store and no engine contract at the top: the window is painted before they are loaded.
"""

from __future__ import annotations

import gc
import logging
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, QStandardPaths, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.menus import Menus
from pudm_gui.recent import remember_project
from pudm_gui.start_page import SUFFIX, StartPage
from pudm_gui.widgets.icons import IconMark
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.overlay import MessageOverlay
from pudm_gui.widgets.rail import Rail
from pudm_gui.widgets.status_line import StatusLine
from training.errors import UserError

if TYPE_CHECKING:
    from pudm_gui.project.project import Project
    from pudm_gui.workspace import Workspace

logger = logging.getLogger(__name__)

NAME = "PU-DM Studio"
COLLECTING = (2000, 10, 50)
"""When Python looks for objects in circles: the youngest often, all of them after a million new ones."""


class MainWindow(QMainWindow):
    """One window, with at most one project.

    Signals
    -------
    first_painted
        The window has been on the screen once.
    loaded
        What an open project needs has been imported since then.
    project_changed
        A project was opened or closed.
    """

    first_painted = Signal()
    loaded = Signal()
    project_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.workspace: Workspace | None = None
        self._painted = False
        self._loader = OffThread(self, threads=1)
        self.first_painted.connect(self._load)
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self.resize(QSize(1280, 800).boundedTo(self.screen().availableSize()))
        self._build()
        self.menus = Menus(self)
        self._restore_geometry()
        self._write_title()

    # -- projects

    def show_start(self) -> None:
        """Show the start page."""
        self._frame_visible(False)
        self.stack.setCurrentWidget(self.start)
        self.start.shown()

    def show_opening(self, words: str) -> None:
        """Say that a project is being opened."""
        self._frame_visible(True)
        self._opening.setText(words)
        self.stack.setCurrentWidget(self._opening)

    def open_project(self, path: Path) -> None:
        """Open `path` in place of what is open; read-only where another window has it."""
        from pudm_gui.project.project import Project, ProjectBusyError

        self.close_project()
        try:
            try:
                project = Project.open(path)
            except ProjectBusyError:
                project = Project.open(path, read_only=True)
        except UserError as error:
            self._refuse(str(error))
            return
        self._enter(project)

    def create_project(self, path: Path, images: Path) -> None:
        """Make a project at `path` on a folder of images, open it and look for images."""
        from pudm_gui.project.project import Project
        from pudm_gui.project.roots import add_root

        self.close_project()
        try:
            project = Project.create(path)
            add_root(project, images)
        except UserError as error:
            self._refuse(str(error))
            return
        self._enter(project)

    def open_demo(self) -> None:
        """Prepare the demo project, off the GUI thread, and open it."""
        from pudm_gui.demo import prepare_demo

        folder = demo_folder()
        self.close_project()
        self.show_start()
        self.start.show_busy(self.tr("Preparing the demo: real handwritten digits, the odd ones sensitive…"))
        work = OffThread(self)

        def prepare() -> Path | UserError:
            try:
                return prepare_demo(folder)
            except UserError as error:
                return error

        def opened(result: Path | UserError) -> None:
            work.deleteLater()
            if isinstance(result, UserError):
                self._refuse(str(result))
            else:
                self.open_project(result)

        work.submit(prepare, opened, failed=self.show_start)

    def close_project(self) -> None:
        """Let go of the open project, if there is one."""
        if self.workspace is None:
            return
        workspace, self.workspace = self.workspace, None
        gc.unfreeze()
        workspace.close()
        workspace.deleteLater()
        self.banner.hide()
        self._write_title()
        self.project_changed.emit()

    def tell(self, text: str, kind: str = "info") -> None:
        """Show a message over the page."""
        self.overlay.tell(text, kind)  # type: ignore[arg-type]

    def _enter(self, project: Project) -> None:
        from pudm_gui.workspace import Workspace

        remember_project(project.path)
        self.workspace = workspace = Workspace(project, self.rail, self.stack, self.status, self)
        workspace.session.message.connect(self.tell)
        self._frame_visible(True)
        self.banner.setVisible(project.read_only)
        self._write_title()
        workspace.show_page("label")
        self.project_changed.emit()
        QTimer.singleShot(0, workspace, self._settle)

    def _load(self) -> None:
        """Import on a thread: on this one it would hold up the window for a third of a second, at the first opening."""
        needed = ("pudm_gui.workspace", "pudm_gui.label.page")
        self._loader.submit(lambda: [import_module(name) for name in needed], lambda _: self.loaded.emit())

    def _settle(self) -> None:
        """What may come after the page is on the screen."""
        if self.workspace is not None:
            self.workspace.attach_running()
            self.workspace.session.start_scan()
            # A full collection of 120,000 objects, most of them modules that stay, takes 60 ms: felt while scrolling.
            # So these are left out, and the rest, mostly rows of images, is seldom gone through as a whole.
            gc.freeze()
            gc.set_threshold(*COLLECTING)

    def _refuse(self, sentence: str) -> None:
        self.show_start()
        self.start.show_problem(sentence)

    def _try_to_write(self) -> None:
        if self.workspace is not None:
            self.open_project(self.workspace.session.project.path)

    # -- the frame

    def _build(self) -> None:
        self.rail = Rail(
            [
                ("label", "label", self.tr("Label")),
                ("train", "train", self.tr("Train")),
                ("review", "review", self.tr("Review")),
                ("export", "export", self.tr("Export")),
            ]
        )
        self.rail.chosen.connect(self.show_page)
        self.stack = QStackedWidget()
        self.start = StartPage()
        self.start.open_project.connect(self.open_project)
        self.start.new_project.connect(self.create_project)
        self.start.try_demo.connect(self.open_demo)
        self._opening = QLabel()
        self._opening.setProperty("role", "muted")
        self._opening.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.start)
        self.stack.addWidget(self._opening)
        self.status = StatusLine()
        self.banner = self._build_banner()
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.stack, 1)
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addLayout(middle, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(central)
        self.overlay = MessageOverlay(self.stack)

    def _build_banner(self) -> QFrame:
        banner = QFrame()
        banner.setProperty("role", "banner")
        layout = QHBoxLayout(banner)
        layout.setContentsMargins(theme.SPACE_L, theme.SPACE_XS, theme.SPACE_S, theme.SPACE_XS)
        layout.addWidget(IconMark("lock", 16, "warning"))
        text = self.tr("Another window has this project open, so here you can look at it but change nothing.")
        layout.addWidget(QLabel(text), 1)
        again = QPushButton(self.tr("Try again"))
        again.setToolTip(self.tr("Open the project for changes, once the other window is closed"))
        again.clicked.connect(self._try_to_write)
        layout.addWidget(again)
        banner.hide()
        return banner

    def show_page(self, name: str) -> None:
        if self.workspace is not None:
            self.workspace.show_page(name)

    def _frame_visible(self, visible: bool) -> None:
        self.rail.setVisible(visible)
        self.status.setVisible(visible)

    def _write_title(self) -> None:
        if self.workspace is None:
            self.setWindowTitle(NAME)
            return
        project = self.workspace.session.project
        suffix = self.tr(" (read-only)") if project.read_only else ""
        self.setWindowTitle(f"{project.name}{suffix} – {NAME}")

    def _restore_geometry(self) -> None:
        geometry = QSettings().value("window/geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)

    # -- Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.first_painted.emit)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        folder = dropped_folder(event)
        if folder is None:
            return
        event.acceptProposedAction()
        if folder.suffix == SUFFIX:
            self.open_project(folder)
        elif self.workspace is not None and not self.workspace.session.read_only:
            self.workspace.session.add_folder(folder)
        elif self.workspace is None:
            self.start.offer(folder)

    def closeEvent(self, event: QCloseEvent) -> None:
        QSettings().setValue("window/geometry", self.saveGeometry())
        self.close_project()
        super().closeEvent(event)


def dropped_folder(event: QDropEvent) -> Path | None:
    """The one folder that is being dragged."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.is_dir() else None


def demo_folder() -> Path:
    """Where the demo is: in this folder, if `pudm demo` has been run here, or where the window keeps its own."""
    here = Path.cwd() / "pudm-demo"
    if (here / "demo.json").is_file():
        return here
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "demo"
