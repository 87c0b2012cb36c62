"""The panel at the right: the chosen image, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.canvas import ImageCanvas
from pudm_gui.label.image_words import ImageWords
from pudm_gui.label.peek_button import PeekButton
from pudm_gui.label.tags.editor import TagEditor
from pudm_gui.label.tags.stock import TagStock
from pudm_gui.project.model import HistoryEntry, ImageRow, Label
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.message import InlineMessage
from pudm_gui.widgets.parts import note, scrolled_column
from pudm_gui.widgets.plain_text import printable, tip

LEAST_PICTURE, PICTURE_SHARE = 150, 0.33
"""Height of the picture: pixels, and share of the panel's height; it is never higher than wide."""


class CloseUp(QScrollArea):
    """Shows one image. It decides nothing: the page tells it what to show.

    Signals
    -------
    marked
        A `Label` for the image that is shown.
    similar_wanted
        Images like the chosen ones are to be found.
    look_wanted
        The image is to fill the page.
    peeked
        The veil is to be lifted (True) or to fall again.
    """

    marked = Signal(object)
    similar_wanted = Signal()
    look_wanted = Signal()
    peeked = Signal(bool)

    def __init__(self, stock: TagStock, editable: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editable = editable
        self._words = ImageWords(self)
        self.setMinimumWidth(240)
        layout = scrolled_column(self, theme.SPACE_S)
        self.canvas = ImageCanvas()
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
        self.facts = note()
        layout.addWidget(self.facts)
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setWordWrap(True)
        layout.addWidget(self.problem)
        layout.addSpacing(theme.SPACE_XS)
        self.label_row = self._make_labels()
        layout.addWidget(self.label_row)
        self.provenance = note()
        layout.addWidget(self.provenance)
        self.changed = self._make_changed()
        layout.addWidget(self.changed)
        layout.addSpacing(theme.SPACE_XS)
        self.tag_editor = TagEditor(stock, editable)
        self.tags = self.tag_editor.entry
        layout.addWidget(self.tag_editor)
        self.history_title = QLabel(self.tr("History"))
        self.history_title.setProperty("role", "strong")
        layout.addWidget(self.history_title)
        self.history = note()
        layout.addWidget(self.history)
        layout.addStretch(1)
        self._row: ImageRow | None = None
        self._label = Label.UNLABELED
        self._parts: list[QWidget] = [
            *(self.name, self.folder, self.facts, self.problem, self.label_row, self.provenance, self.changed),
            *(self.tag_editor, self.history_title, self.history),
        ]
        self.show_nothing()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = round(PICTURE_SHARE * self.viewport().height())
        self.canvas.setFixedHeight(max(LEAST_PICTURE, min(wanted, self.viewport().width())))

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
        self.facts.setText(self._words.facts(row))
        self.facts.setToolTip(tip(printable(str(row.file))))
        self.problem.setText(problem or "")
        self.problem.setVisible(problem is not None)
        self._show_label(row, label, history)
        if problem is not None:
            self.canvas.show_message("warning", self.tr("This image cannot be shown."))
        elif other:
            self.canvas.clear()
        for widget in (self._fit, self._whole, self._look, self._similar):
            widget.setEnabled(problem is None)

    def show_picture(self, pixmap: QPixmap, size: QSize, *, covered: bool, small: bool, keep_place: bool) -> None:
        """Show the picture of the image that is shown."""
        self.canvas.show_pixmap(pixmap, size, keep_place=keep_place, small=small)
        self.peek.setVisible(covered or self.peek.isDown())

    def show_hidden(self) -> None:
        """Everything is hidden."""
        self.canvas.show_message("eye-off", self.tr("Pictures are hidden. Press H to show them."))
        self.peek.hide()

    def _show_label(self, row: ImageRow, label: Label, history: list[HistoryEntry]) -> None:
        """The label, where it comes from, and whether it still goes with the file."""
        self._label = label
        for offered, button in self._label_buttons.items():
            button.setChecked(offered == label)
        provenance = self._words.provenance(row, label, history)
        self.provenance.setText(provenance)
        self.provenance.setVisible(bool(provenance))
        self.changed.setVisible(row.changed and label != Label.UNLABELED)
        self.tag_editor.setVisible(label != Label.NORMAL or bool(row.tags))
        self.history.setText(self._words.history(history))
        for widget in (self.history_title, self.history):
            widget.setVisible(bool(history))

    # --- parts

    def _make_zoom(self) -> QHBoxLayout:
        layout = QHBoxLayout()
        layout.setSpacing(theme.SPACE_XS)
        self._fit = self._tool(self.tr("Fit"), self.tr("Show the whole image"), self.canvas.set_fit)
        self._whole = self._tool("100 %", self.tr("One image pixel is one screen pixel"), self._show_whole)
        self._look = self._tool(
            self.tr("Look closely"), self.tr("Fill the page with the image (Space)"), self.look_wanted.emit
        )
        self._similar = self._tool("", self.tr("Images like this one (M)"), self.similar_wanted.emit)
        self._similar.setIcon(icon("similar"))
        self._similar.setAccessibleName(self._similar.toolTip())
        for widget in (self._fit, self._whole, self._look):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self._similar)
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

    def _make_changed(self) -> InlineMessage:
        """The label was given to another content than the file has now."""
        message = InlineMessage(
            self.tr("The file has changed since it was labeled."),
            "warning",
            action_text=self.tr("Label still right") if self._editable else None,
            closable=False,
            stacked=True,
        )
        message.action.connect(lambda: self.marked.emit(self._label))
        return message

    def _tool(self, text: str, tip: str, slot: Callable[[], object]) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("role", "quiet")
        button.clicked.connect(lambda: slot())
        return button

    def _set_parts_visible(self, visible: bool) -> None:
        for part in (*self._parts, self._fit, self._whole, self._look, self._similar):
            part.setVisible(visible)
        if not visible:
            self.peek.hide()

    def _show_whole(self) -> None:
        self.canvas.set_zoom(1.0)
