"""What the window shows without a project: make one from a folder of images, open one, or try the demo."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.recent import recent_projects
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import IconMark
from pudm_gui.widgets.message import InlineMessage

COLUMN = 460
SUFFIX = ".pudm"


class StartPage(QWidget):
    """Chooses a project.

    Signals
    -------
    open_project
        Path of a project.
    new_project
        Path of the project to make, and the folder of images.
    try_demo
        The demo is wanted.
    """

    open_project = Signal(object)
    new_project = Signal(object, object)
    try_demo = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        column = QWidget()
        column.setFixedWidth(COLUMN)
        outer.addWidget(column)
        outer.addStretch(1)
        self._layout = QVBoxLayout(column)
        self._layout.setContentsMargins(0, theme.SPACE_XXL, 0, theme.SPACE_XXL)
        self._layout.setSpacing(theme.SPACE_S)
        self._layout.addStretch(2)
        self._add_heading()
        self.problem = InlineMessage("", "error")
        self._layout.addWidget(self.problem)
        self._views = QStackedLayout()
        self._home = self._build_home()
        self.form = NewProjectForm()
        self.form.accepted.connect(self.new_project)
        self.form.cancelled.connect(lambda: self._views.setCurrentWidget(self._home))
        self._busy = QLabel()
        self._busy.setProperty("role", "muted")
        self._busy.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout.addLayout(self._views)
        for view in (self._home, self.form, self._busy):
            self._views.addWidget(view)
        self._layout.addStretch(3)

    def shown(self) -> None:
        """Show the first view, with the projects that are there now."""
        self._views.setCurrentWidget(self._home)
        self._fill_recent()
        self.new_button.setFocus()

    def show_busy(self, words: str) -> None:
        self.problem.show_message("")
        self._busy.setText(words)
        self._views.setCurrentWidget(self._busy)

    def show_problem(self, sentence: str) -> None:
        self.shown()
        self.problem.show_message(sentence, "error")

    def ask_for_images(self) -> Path | None:
        """Ask for a folder of images; None where the person would rather not."""
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of images"), start)
        return Path(chosen) if chosen else None

    def choose_images(self) -> None:
        """Ask for a folder of images, then offer to make a project of it."""
        images = self.ask_for_images()
        if images is not None:
            self.offer(images)

    def offer(self, images: Path) -> None:
        """Show the form for a new project on `images`."""
        self.problem.show_message("")
        self.form.offer(images)
        self._views.setCurrentWidget(self.form)

    def choose_project(self) -> None:
        start = str(next((path.parent for path in recent_projects()), Path.home()))
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Project folder (its name ends with .pudm)"), start)
        if chosen:
            self.open_project.emit(Path(chosen))

    def _add_heading(self) -> None:
        mark = IconMark("app", 44, "sensitive")
        self._layout.addWidget(mark, alignment=Qt.AlignmentFlag.AlignHCenter)
        title = QLabel("PU-DM Studio")
        title.setProperty("role", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = QLabel(self.tr("Label a few sensitive images, and teach a model to stop making them."))
        text.setProperty("role", "muted")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout.addWidget(title)
        self._layout.addWidget(text)
        self._layout.addSpacing(theme.SPACE_L)

    def _build_home(self) -> QWidget:
        home = QWidget()
        layout = QVBoxLayout(home)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.new_button = QPushButton(self.tr("New project from a folder of images…"))
        self.new_button.setProperty("role", "primary")
        self.new_button.clicked.connect(self.choose_images)
        self.open_button = QPushButton(self.tr("Open a project…"))
        self.open_button.clicked.connect(self.choose_project)
        self.demo_button = QPushButton(self.tr("Try the demo"))
        self.demo_button.setToolTip(self.tr("Real handwritten digits; the odd ones are the sensitive ones."))
        self.demo_button.clicked.connect(self.try_demo)
        layout.addWidget(self.new_button)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.open_button, 1)
        row.addWidget(self.demo_button, 1)
        layout.addLayout(row)
        layout.addSpacing(theme.SPACE_L)
        self._recent_title = QLabel(self.tr("Recent projects"))
        self._recent_title.setProperty("role", "small")
        layout.addWidget(self._recent_title)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        layout.addLayout(self._recent)
        layout.addStretch(1)
        return home

    def _fill_recent(self) -> None:
        while (item := self._recent.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        paths = recent_projects()
        self._recent_title.setVisible(bool(paths))
        for path in paths:
            self._recent.addWidget(_RecentProject(path, self))


class _RecentProject(QPushButton):
    def __init__(self, path: Path, page: StartPage) -> None:
        super().__init__()
        self.setProperty("role", "row")
        self.setAccessibleName(path.stem)
        self.setMinimumHeight(46)
        self.clicked.connect(lambda: page.open_project.emit(path))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_XS, theme.SPACE_M, theme.SPACE_XS)
        layout.setSpacing(0)
        name = ElidedLabel(path.stem)
        place = ElidedLabel(str(path.parent))
        place.setProperty("role", "small")
        for label in (name, place):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(label)


class NewProjectForm(QFrame):
    """Where the images are, and where the project goes.

    Signals
    -------
    accepted
        Path of the project, folder of images.
    cancelled
        Back to the start.
    """

    accepted = Signal(object, object)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images = Path()
        self.project = Path()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_M)
        self._images_label = self._add_place(layout, "image", self.tr("Images"), self._change_images)
        self._project_label = self._add_place(layout, "folder", self.tr("Project"), self._change_project)
        note = QLabel(self.tr("The images stay where they are. They are read, and never changed, moved or deleted."))
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        layout.addWidget(note)
        buttons = QHBoxLayout()
        back = QPushButton(self.tr("Back"))
        back.clicked.connect(self.cancelled)
        self.create_button = QPushButton(self.tr("Create the project"))
        self.create_button.setProperty("role", "primary")
        self.create_button.clicked.connect(lambda: self.accepted.emit(self.project, self.images))
        buttons.addWidget(back)
        buttons.addStretch(1)
        buttons.addWidget(self.create_button)
        layout.addLayout(buttons)
        layout.addStretch(1)

    def offer(self, images: Path) -> None:
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        self.images = images
        self.project = free_name(Path(documents or Path.home()) / f"{images.name or 'images'}{SUFFIX}")
        self._write()
        self.create_button.setFocus()

    def _add_place(self, layout: QVBoxLayout, icon_name: str, title: str, change: object) -> ElidedLabel:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_M)
        row.addWidget(IconMark(icon_name, 20, "text_muted"))
        words = QVBoxLayout()
        words.setSpacing(0)
        heading = QLabel(title)
        heading.setProperty("role", "small")
        place = ElidedLabel("")
        words.addWidget(heading)
        words.addWidget(place)
        row.addLayout(words, 1)
        button = QPushButton(self.tr("Change…"))
        button.setAccessibleName(self.tr("Change: {what}").format(what=title))
        button.clicked.connect(change)
        row.addWidget(button)
        layout.addLayout(row)
        return place

    def _write(self) -> None:
        self._images_label.setText(str(self.images))
        self._project_label.setText(str(self.project))

    def _change_images(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of images"), str(self.images))
        if chosen:
            self.images = Path(chosen)
            self._write()

    def _change_project(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Where the project goes"), str(self.project))
        if chosen:
            path = Path(chosen)
            self.project = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
            self._write()


def free_name(path: Path) -> Path:
    """`path`, or with the first number after its name that is not taken."""
    candidates = (path if n == 1 else path.with_stem(f"{path.stem} {n}") for n in range(1, 10_000))
    return next(candidate for candidate in candidates if not candidate.exists())
