"""The panel at the right: the chosen image, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.canvas import ImageCanvas
from pudm_gui.label.names import file_size, moment
from pudm_gui.project.model import HistoryEntry, ImageRow, Label
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.plain_text import printable, tip

PICTURE_HEIGHT = 260


class PeekButton(QPushButton):
    """Lifts the veil while it is held down, by mouse or by the space bar.

    Signals
    -------
    held
        Down or up.
    """

    held = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(self.tr("Hold to look"))
        self.setIcon(icon("eye"))
        self.setToolTip(self.tr("Shows the image while you hold this, or the key R"))
        self.pressed.connect(lambda: self.held.emit(True))
        self.released.connect(lambda: self.held.emit(False))


class CloseUp(QScrollArea):
    """Shows one image. It decides nothing: the page tells it what to show.

    Signals
    -------
    marked
        A `Label` for the image that is shown.
    tagged
        List of tags for it.
    look_wanted
        The image is to fill the page.
    peeked
        The veil is to be lifted (True) or to fall again.
    """

    marked = Signal(object)
    tagged = Signal(list)
    look_wanted = Signal()
    peeked = Signal(bool)

    def __init__(self, editable: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editable = editable
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(240)
        body = QFrame()
        body.setProperty("role", "panel")
        self.setWidget(body)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        layout.setSpacing(theme.SPACE_S)
        self.canvas = ImageCanvas()
        self.canvas.setFixedHeight(PICTURE_HEIGHT)
        self.canvas.setAccessibleName(self.tr("The chosen image"))
        self.peek = self._make_peek()
        layout.addWidget(self.canvas)
        layout.addLayout(self._make_zoom())
        self.name = ElidedLabel("")
        self.name.setProperty("role", "heading")
        self.folder = ElidedLabel("")
        self.folder.setProperty("role", "muted")
        layout.addSpacing(theme.SPACE_XS)
        layout.addWidget(self.name)
        layout.addWidget(self.folder)
        self.facts = self._small()
        layout.addWidget(self.facts)
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setWordWrap(True)
        layout.addWidget(self.problem)
        layout.addSpacing(theme.SPACE_XS)
        self.label_row = self._make_labels()
        layout.addWidget(self.label_row)
        self.tags_title = QLabel(self.tr("Tags"))
        self.tags_title.setProperty("role", "strong")
        self.tags = QLineEdit()
        self.tags.setPlaceholderText(self.tr("Which kind? Separate by commas"))
        self.tags.setAccessibleName(self.tr("Tags"))
        self.tags.setReadOnly(not editable)
        self.tags.editingFinished.connect(self._tags_edited)
        layout.addWidget(self.tags_title)
        layout.addWidget(self.tags)
        self.history_title = QLabel(self.tr("History"))
        self.history_title.setProperty("role", "strong")
        layout.addWidget(self.history_title)
        self.history = self._small()
        layout.addWidget(self.history)
        layout.addStretch(1)
        self._row: ImageRow | None = None
        self._parts: list[QWidget] = [
            *(self.name, self.folder, self.facts, self.problem, self.label_row),
            *(self.tags_title, self.tags, self.history_title, self.history),
        ]
        self.show_nothing()

    # --- what the page tells

    def show_nothing(self) -> None:
        """No image is chosen."""
        self._row = None
        self._set_parts_visible(False)
        self.canvas.show_message("image", self.tr("Choose an image to see it here."))

    def show_row(self, row: ImageRow, label: Label, history: list[HistoryEntry], problem: str | None) -> None:
        """Show what is known of an image; its picture comes by `show_picture`."""
        other = self._row is None or self._row.id != row.id
        self._row = row
        self._set_parts_visible(True)
        path = PurePosixPath(row.path)
        self.name.setText(path.name)
        parent = "" if str(path.parent) == "." else f"/{path.parent}"
        self.folder.setText(f"{row.file.parents[len(path.parts) - 1].name}{parent}")
        self.facts.setText(self._facts(row))
        self.facts.setToolTip(tip(printable(str(row.file))))
        self.problem.setText(problem or "")
        self.problem.setVisible(problem is not None)
        for offered, button in self._label_buttons.items():
            button.setChecked(offered == label)
        sensitive = label == Label.SENSITIVE
        self.tags_title.setVisible(sensitive)
        self.tags.setVisible(sensitive)
        if other or not self.tags.hasFocus():
            self.tags.setText(", ".join(printable(tag) for tag in row.tags))
        self.history.setText("\n".join(self._history_line(entry) for entry in history))
        self.history_title.setVisible(bool(history))
        self.history.setVisible(bool(history))
        if problem is not None:
            self.canvas.show_message("warning", self.tr("This image cannot be shown."))
        elif other:
            self.canvas.clear()
        for widget in (self._fit, self._whole, self._look):
            widget.setEnabled(problem is None)

    def show_picture(self, pixmap: QPixmap, size: QSize, *, covered: bool, small: bool, keep_place: bool) -> None:
        """Show the picture of the image that is shown."""
        self.canvas.show_pixmap(pixmap, size, keep_place=keep_place, small=small)
        self.peek.setVisible(covered or self.peek.isDown())

    def show_hidden(self) -> None:
        """Everything is hidden."""
        self.canvas.show_message("eye-off", self.tr("Pictures are hidden. Press H to show them."))
        self.peek.hide()

    # --- parts

    def _make_zoom(self) -> QHBoxLayout:
        layout = QHBoxLayout()
        layout.setSpacing(theme.SPACE_XS)
        self._fit = self._tool(self.tr("Fit"), self.tr("Show the whole image"), self.canvas.set_fit)
        self._whole = self._tool("100 %", self.tr("One image pixel is one screen pixel"), self._show_whole)
        self._look = self._tool(
            self.tr("Look closely"), self.tr("Fill the page with the image (Space)"), self.look_wanted.emit
        )
        for widget in (self._fit, self._whole, self._look):
            layout.addWidget(widget)
        layout.addStretch(1)
        return layout

    def _make_peek(self) -> PeekButton:
        """Lies over the picture, so that nothing moves when it comes and goes."""
        peek = PeekButton()
        peek.held.connect(self.peeked)
        peek.hide()
        over = QVBoxLayout(self.canvas)
        over.addStretch(1)
        over.addWidget(peek, alignment=Qt.AlignmentFlag.AlignHCenter)
        return peek

    def _make_labels(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self._label_buttons: dict[Label, QPushButton] = {}
        for label, words, key in (
            (Label.SENSITIVE, self.tr("Sensitive"), "S"),
            (Label.NORMAL, self.tr("Normal"), "N"),
        ):
            button = QPushButton(icon(label.word), words)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the images
            button.setEnabled(self._editable)
            button.setToolTip(self.tr("{words} ({key}); press again to clear (U)").format(words=words, key=key))
            button.clicked.connect(lambda on, label=label: self.marked.emit(label if on else Label.UNLABELED))
            self._label_buttons[label] = button
            layout.addWidget(button, 1)
        return row

    def _tool(self, text: str, tip: str, slot: Callable[[], object]) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("role", "quiet")
        button.clicked.connect(lambda: slot())
        return button

    def _small(self) -> QLabel:
        label = QLabel()
        label.setProperty("role", "small")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _set_parts_visible(self, visible: bool) -> None:
        for part in (*self._parts, self._fit, self._whole, self._look):
            part.setVisible(visible)
        if not visible:
            self.peek.hide()

    def _show_whole(self) -> None:
        self.canvas.set_zoom(1.0)

    def _facts(self, row: ImageRow) -> str:
        number = QLocale().toString
        first = [f"{number(row.width)} × {number(row.height)}"] if row.width else []
        first += [file_size(row.size)] + ([row.format] if row.format else [])
        return " · ".join(first) + "\n" + self.tr("Changed {when}").format(when=moment(row.modified))

    def _history_line(self, entry: HistoryEntry) -> str:
        words = {
            Label.SENSITIVE: self.tr("Sensitive"),
            Label.NORMAL: self.tr("Normal"),
            Label.UNLABELED: self.tr("Unlabeled"),
            None: self.tr("Labeled"),
        }[entry.label]
        how = {
            "label": self.tr("{label}, {who}"),
            "import": self.tr("{label}, from a file, {who}"),
            "undo": self.tr("Undone: {label} again, {who}"),
            "redo": self.tr("Redone: {label}, {who}"),
            "tag": self.tr("Tagged {tags}, {who}"),
            "revert": self.tr("Reverted: {label} again, {who}"),
        }[entry.kind]
        tags = printable(", ".join(entry.tags))
        return f"{moment(entry.at)}  {how.format(label=words, tags=tags, who=printable(entry.annotator))}"

    def _tags_edited(self) -> None:
        if self._row is None or not self._editable:
            return
        tags = [" ".join(tag.split()) for tag in self.tags.text().split(",")]
        tags = sorted({tag for tag in tags if tag})
        if tags != sorted(self._row.tags):
            self.tagged.emit(tags)
