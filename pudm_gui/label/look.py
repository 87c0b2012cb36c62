"""Looking closely: one image fills the page, the arrows step through the rest."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.label.canvas import ImageCanvas
from pudm_gui.label.peek_button import PeekButton
from pudm_gui.project.model import ImageRow, Label
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import IconMark
from pudm_gui.widgets.parts import icon_button

STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageUp: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageDown: 1,
}


class LookView(QWidget):
    """One image, as large as the page.

    Signals
    -------
    stepped
        How many images to go on (negative: back).
    closed
        Back to the grid.
    peeked
        The veil is to be lifted (True) or to fall again.
    """

    stepped = Signal(int)
    closed = Signal()
    peeked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Look closely"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._make_bar())
        middle = QHBoxLayout()
        middle.setContentsMargins(theme.SPACE_S, theme.SPACE_S, theme.SPACE_S, theme.SPACE_S)
        self.canvas = ImageCanvas()
        self.canvas.zoom_changed.connect(self._show_zoom)
        middle.addWidget(self._arrow("chevron-left", self.tr("Previous image (←)"), -1))
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self._arrow("chevron-right", self.tr("Next image (→)"), 1))
        layout.addLayout(middle, 1)

    def show_row(self, row: ImageRow, label: Label, place: int, count: int, problem: str | None) -> None:
        """Show what is known of an image; its picture comes by `show_picture`."""
        number = QLocale().toString
        self.name.setText(row.path)
        self.place.setText(self.tr("{n} of {all}").format(n=number(place + 1), all=number(count)))
        self.mark.setVisible(label != Label.UNLABELED)
        if label != Label.UNLABELED:
            self.mark.set_icon(label.word)
        words = {Label.SENSITIVE: self.tr("Sensitive"), Label.NORMAL: self.tr("Normal")}
        self.label.setText(words.get(label, self.tr("Unlabeled")))
        if problem is not None:
            self.canvas.show_message("warning", problem)
            self.zoom.setText("")
            self.peek.hide()

    def show_picture(self, pixmap: QPixmap, size: QSize, *, covered: bool, small: bool, keep_place: bool) -> None:
        self.canvas.show_pixmap(pixmap, size, keep_place=keep_place, small=small)
        self.peek.setVisible(covered or self.peek.isDown())

    def show_hidden(self) -> None:
        self.canvas.show_message("eye-off", self.tr("Pictures are hidden. Press H to show them."))
        self.peek.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in STEPS:
            self.stepped.emit(STEPS[key])
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Return):
            self.closed.emit()
        elif key == Qt.Key.Key_R and not event.isAutoRepeat():
            self.peeked.emit(True)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.canvas.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.canvas.zoom_out()
        elif key == Qt.Key.Key_0:
            self.canvas.set_fit()
        elif key == Qt.Key.Key_Z:  # the numbers are for tags
            self.canvas.set_zoom(1.0)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_R and not event.isAutoRepeat():
            self.peeked.emit(False)
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.peeked.emit(False)

    def _make_bar(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "panel")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_XS, theme.SPACE_S, theme.SPACE_XS)
        layout.setSpacing(theme.SPACE_S)
        self.mark = IconMark("sensitive", 14)
        self.label = QLabel()
        self.label.setProperty("role", "strong")
        self.name = ElidedLabel("")
        self.place = QLabel()
        self.zoom = QLabel()
        for widget in (self.place, self.zoom):
            widget.setProperty("role", "muted")
        self.peek = PeekButton()
        self.peek.setProperty("role", "quiet")
        self.peek.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.peek.held.connect(self.peeked)
        back = self._button("close", self.tr("Back to all images (Esc)"))
        back.clicked.connect(self.closed)
        layout.addWidget(self.mark)
        layout.addWidget(self.label)
        layout.addSpacing(theme.SPACE_S)
        layout.addWidget(self.name, 1)
        layout.addWidget(self.peek)
        layout.addWidget(self.zoom)
        layout.addWidget(self.place)
        layout.addWidget(back)
        return bar

    def _arrow(self, icon_name: str, tip: str, step: int) -> QToolButton:
        button = self._button(icon_name, tip)
        button.clicked.connect(lambda: self.stepped.emit(step))
        return button

    def _button(self, icon_name: str, tip: str) -> QToolButton:
        button = icon_button(icon_name, tip, 20)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _show_zoom(self, zoom: float) -> None:
        self.zoom.setText(f"{zoom * self.devicePixelRatioF():.0%}".replace("%", " %"))
