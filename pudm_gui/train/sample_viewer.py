"""One preview as large as there is room, in the place of the curves."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.train.progress import Preview
from pudm_gui.train.run_words import percent
from pudm_gui.train.sample_painting import fitted, paint_hidden, paint_picture
from pudm_gui.train.sample_store import SampleStore
from pudm_gui.widgets.icons import icon
from training.runs import RunFolder


class SampleViewer(QWidget):
    """Left and right go through the previews, Escape closes.

    Signals
    -------
    closed
        Back to the curves.
    """

    closed = Signal()

    def __init__(self, store: SampleStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunFolder | None = None
        self._previews: list[Preview] = []
        self._index = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        bar = QHBoxLayout()
        bar.setSpacing(theme.SPACE_XS)
        self.caption = QLabel()
        self.hint = QLabel(self.tr("Press the picture to see it sharp"))
        self.hint.setProperty("role", "small")
        bar.addWidget(self.caption)
        bar.addSpacing(theme.SPACE_S)
        bar.addWidget(self.hint)
        bar.addStretch(1)
        for name, words, slot in (
            ("chevron-left", self.tr("Earlier samples"), lambda: self._go(-1)),
            ("chevron-right", self.tr("Later samples"), lambda: self._go(1)),
            ("close", self.tr("Back to the curves"), self.closed.emit),
        ):
            button = QToolButton()
            button.setProperty("role", "quiet")
            button.setIcon(icon(name))
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(slot)
            bar.addWidget(button)
        layout.addLayout(bar)
        self.picture = _Picture(store)
        layout.addWidget(self.picture, 1)

    def open(self, run: RunFolder, previews: list[Preview], index: int) -> None:
        self._run, self._previews = run, list(previews)
        self._index = index
        self._go(0)
        self.setFocus()

    def set_blur(self, blur: bool) -> None:
        self.picture.blur = blur
        self.hint.setVisible(blur)
        self.picture.update()

    def set_hidden(self, hidden: bool) -> None:
        self.picture.hidden = hidden
        self.picture.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Left:
                self._go(-1)
            case Qt.Key.Key_Right:
                self._go(1)
            case Qt.Key.Key_Escape:
                self.closed.emit()
            case _:
                super().keyPressEvent(event)

    def _go(self, by: int) -> None:
        if self._run is None or not self._previews:
            return
        self._index = min(max(self._index + by, 0), len(self._previews) - 1)
        preview = self._previews[self._index]
        when = self.tr("at the start") if preview.step == 0 else self.tr("at step {n}").format(n=preview.step)
        words = self.tr("{n} samples {when}").format(n=preview.count, when=when)
        if preview.nsr is not None:
            words += " · " + self.tr("{share} not sensitive").format(share=percent(preview.nsr))
        self.caption.setText(words)
        self.picture.show_preview(self._run, preview)


class _Picture(QWidget):
    def __init__(self, store: SampleStore) -> None:
        super().__init__()
        self._shown: tuple[RunFolder, Preview] | None = None
        self.blur, self.hidden = True, False
        self._pressed = False
        self._store = store
        store.arrived.connect(self.update)

    def show_preview(self, run: RunFolder, preview: Preview) -> None:
        self._shown = run, preview
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._shown is None:
            return
        painter = QPainter(self)
        if self.hidden:
            paint_hidden(painter, fitted(self.size().boundedTo(self.size().transposed()), self.rect()))
            return
        image = self._store.get(*self._shown, blur=self.blur and not self._pressed, large=True)
        if image is not None and not image.isNull():
            paint_picture(painter, image, fitted(image.size(), self.rect()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = True
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = False
        self.update()
