"""``pudm-gui``: the window's program. Imports as little as it can before the window is on the screen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from pudm_gui.diagnostics import catch_errors, start_logging
from pudm_gui.menus import THEME_KEY
from pudm_gui.theme import apply_theme
from pudm_gui.widgets.icons import icon
from pudm_gui.window import MainWindow

if TYPE_CHECKING:
    from collections.abc import Sequence

ORGANIZATION, APPLICATION = "pudm", "studio"
"""Names of the folders for settings, data and log."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the window until it is closed."""
    options = _parser().parse_args(arguments)
    app = make_application(options.theme)
    start_logging()
    window = MainWindow()
    catch_errors(lambda sentence: window.tell(sentence, "error"))
    open_first(window, options.project, demo=options.demo)
    window.show()
    status = app.exec()
    window.close_project()  # also where the system, not the person, ended the program
    window.deleteLater()  # while the application is still there: Qt's objects do not outlive it well
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return status


def make_application(theme: str | None = None) -> QApplication:
    """The application object, with its name, theme and icon."""
    app = QApplication(sys.argv[:1])
    QCoreApplication.setOrganizationName(ORGANIZATION)
    app.setApplicationName(APPLICATION)
    app.setApplicationDisplayName("PU-DM Studio")
    app.setDesktopFileName("org.pudm.Studio")
    app.setWindowIcon(icon("app", "sensitive"))
    apply_theme(app, theme or QSettings().value(THEME_KEY, "system"))  # type: ignore[arg-type]
    return app


def open_first(window: MainWindow, project: Path | None, *, demo: bool) -> None:
    """Show what is at hand at once, and open the project when the rest has been loaded."""
    if demo:
        window.show_start()
        window.start.show_busy(QCoreApplication.translate("App", "Preparing the demo…"))
        window.loaded.connect(window.open_demo)
    elif project is not None:
        words = QCoreApplication.translate("App", "Opening {name}…")
        window.show_opening(words.format(name=project.stem))
        window.loaded.connect(lambda: window.open_project(project))
    else:
        window.show_start()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pudm-gui", description="The window of PU-DM Studio.")
    parser.add_argument("project", nargs="?", type=Path, metavar="PROJECT.pudm", help="the project to open")
    parser.add_argument("--demo", action="store_true", help="open the demo project")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="look of this window")
    return parser


if __name__ == "__main__":
    sys.exit(main())
