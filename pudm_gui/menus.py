"""The menu bar: it repeats what is on the screen, and names the shortcuts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, QStandardPaths, QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox

from pudm_gui.diagnostics import log_file
from pudm_gui.recent import recent_projects
from pudm_gui.theme import ThemeMode, apply_theme, theme_mode

if TYPE_CHECKING:
    from pudm_gui.window import MainWindow

THEME_KEY = "theme"


class Menus(QObject):
    """Builds the menus and keeps them true to what is open."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._needs_project: list[QAction] = []
        self._needs_writing: list[QAction] = []
        self._build_file()
        self.page_menu = window.menuBar().addMenu(self.tr("&Edit"))
        self.page_menu.aboutToShow.connect(self._fill_page_menu)
        self._nothing = QAction(self.tr("Nothing to edit here"), window)
        self._nothing.setEnabled(False)
        self._build_view()
        self._build_run()
        self._build_help()
        window.project_changed.connect(self._refresh)
        self._refresh()

    def _build_file(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&File"))
        standard = QKeySequence.StandardKey
        self._add(menu, self.tr("&New project from a folder of images…"), self._new, standard.New)
        self._add(menu, self.tr("&Open a project…"), self._open, standard.Open)
        self._recent = menu.addMenu(self.tr("Open &recent"))
        self._recent.aboutToShow.connect(self._fill_recent)
        self._add(menu, self.tr("Try the &demo"), self._window.open_demo)
        menu.addSeparator()
        add = self._add(menu, self.tr("&Add a folder of images…"), self._add_folder, "Ctrl+Shift+A")
        scan = self._add(menu, self.tr("&Look for new images"), self._scan, "F5")
        menu.addSeparator()
        take = self._add(menu, self.tr("&Import labels…"), lambda: self._exchange("start_import"), "Ctrl+Shift+I")
        give = self._add(menu, self.tr("&Export labels…"), lambda: self._exchange("start_export"), "Ctrl+Shift+E")
        menu.addSeparator()
        close = self._add(menu, self.tr("&Close the project"), self._close_project, "Ctrl+Shift+W")
        self._needs_writing += [add, scan, take]
        self._needs_project += [give, close]
        menu.addSeparator()
        leave = self._add(menu, self.tr("&Quit"), self._window.close, standard.Quit)
        leave.setMenuRole(QAction.MenuRole.QuitRole)

    def _build_view(self) -> None:
        window = self._window
        menu = window.menuBar().addMenu(self.tr("&View"))
        titles = {
            "label": self.tr("&Label"),
            "train": self.tr("&Train"),
            "review": self.tr("&Review"),
            "export": self.tr("E&xport"),
        }
        for number, (name, title) in enumerate(titles.items(), 1):
            show = self._add(menu, title, lambda name=name: window.show_page(name), f"Ctrl+{number}")
            self._needs_project.append(show)
        menu.addSeparator()
        self.hide_everything = self._add(menu, self.tr("&Hide all pictures"), self._toggle_hidden, "Ctrl+H")
        self.hide_everything.setCheckable(True)
        self._needs_project.append(self.hide_everything)
        menu.addSeparator()
        self._build_theme(menu.addMenu(self.tr("&Theme")))

    def _build_theme(self, menu: QMenu) -> None:
        group = QActionGroup(self)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        modes: dict[ThemeMode, str] = {
            "system": self.tr("As the &system"),
            "light": self.tr("&Light"),
            "dark": self.tr("&Dark"),
        }
        for mode, title in modes.items():
            action = self._add(menu, title, lambda mode=mode: self._choose_theme(mode))
            action.setCheckable(True)
            action.setChecked(theme_mode(app) == mode)
            group.addAction(action)

    def _build_run(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Run"))
        menu.aboutToShow.connect(self._refresh_run)
        self.pause = self._add(menu, self.tr("&Pause"), lambda: self._send("pause"))
        self.resume = self._add(menu, self.tr("&Go on"), lambda: self._send("resume"))
        self.sample = self._add(menu, self.tr("&Draw samples now"), lambda: self._send("sample"))
        self.stop = self._add(menu, self.tr("&Stop"), self._stop)

    def _build_help(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Help"))
        self._add(menu, self.tr("Show the &log"), self._show_log)
        about = self._add(menu, self.tr("&About PU-DM Studio"), self._about)
        about.setMenuRole(QAction.MenuRole.AboutRole)

    def _add(
        self, menu: QMenu, text: str, slot: object, shortcut: QKeySequence.StandardKey | str | None = None
    ) -> QAction:
        action = QAction(text, self._window)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda _=False: slot())  # type: ignore[operator]
        menu.addAction(action)
        return action

    # -- what the actions do

    def _new(self) -> None:
        images = self._window.start.ask_for_images()
        if images is not None:
            self._window.close_project()
            self._window.show_start()
            self._window.start.offer(images)

    def _open(self) -> None:
        self._window.start.choose_project()

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in recent_projects():
            action = self._recent.addAction(path.stem)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: self._window.open_project(path))
        if self._recent.isEmpty():
            self._recent.addAction(self.tr("None yet")).setEnabled(False)

    def _add_folder(self) -> None:
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        chosen = QFileDialog.getExistingDirectory(self._window, self.tr("Folder of images"), start)
        if chosen and self._window.workspace is not None:
            self._window.workspace.session.add_folder(Path(chosen))

    def _scan(self) -> None:
        if self._window.workspace is not None:
            self._window.workspace.session.start_scan()

    def _exchange(self, action: str) -> None:
        """Import or export on the Label page, which knows how."""
        self._window.show_page("label")
        if self._window.workspace is not None and hasattr(page := self._window.workspace.page("label"), "exchange"):
            getattr(page.exchange, action)()

    def _close_project(self) -> None:
        self._window.close_project()
        self._window.show_start()

    def _toggle_hidden(self) -> None:
        if self._window.workspace is not None:
            session = self._window.workspace.session
            session.hide_everything = not session.hide_everything

    def _choose_theme(self, mode: ThemeMode) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        QSettings().setValue(THEME_KEY, mode)
        apply_theme(app, mode)

    def _send(self, command: str) -> None:
        if self._window.workspace is not None:
            for job in self._window.workspace.jobs.active[-1:]:
                job.send(command)  # type: ignore[arg-type]

    def _stop(self) -> None:
        if self._window.workspace is not None:
            for job in self._window.workspace.jobs.active[-1:]:
                job.stop()

    def _show_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_file().parent)))

    def _about(self) -> None:
        from importlib.metadata import version

        text = self.tr(
            "<b>PU-DM Studio</b> {version}<br><br>Label a few sensitive images, and teach a diffusion model to stop "
            "making them.<br>After Takahashi et al., ICLR 2025 (arXiv 2503.03789). Apache-2.0."
        )
        QMessageBox.about(self._window, self.tr("About PU-DM Studio"), text.format(version=version("pudm-studio")))

    # -- what is possible now

    def _refresh(self) -> None:
        workspace = self._window.workspace
        for action in self._needs_project:
            action.setEnabled(workspace is not None)
        for action in self._needs_writing:
            action.setEnabled(workspace is not None and not workspace.session.read_only)
        self.hide_everything.setChecked(workspace is not None and workspace.session.hide_everything)
        if workspace is not None:
            workspace.session.hide_everything_changed.connect(self.hide_everything.setChecked)
        self._fill_page_menu()
        self._refresh_run()

    def _fill_page_menu(self) -> None:
        """The actions of the page that is shown are the page's own: the menu only lists them."""
        for action in self.page_menu.actions():  # clear() would delete them, though the page owns them
            self.page_menu.removeAction(action)
        workspace = self._window.workspace
        if workspace is not None and workspace.current_page:
            self.page_menu.addActions(workspace.page(workspace.current_page).actions())
        if not self.page_menu.actions():
            self.page_menu.addAction(self._nothing)

    def _refresh_run(self) -> None:
        workspace = self._window.workspace
        active = workspace.jobs.active if workspace is not None and not workspace.session.read_only else []
        job = active[-1] if active else None
        training = job is not None and job.stage == "train"
        self.pause.setEnabled(training and job is not None and job.state == "running")
        self.resume.setEnabled(training and job is not None and job.state == "paused")
        self.sample.setEnabled(training)
        self.stop.setEnabled(job is not None)
