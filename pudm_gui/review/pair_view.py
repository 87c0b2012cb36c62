"""One pair of samples, large, with the controls that step and compare."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QSlider, QToolButton, QVBoxLayout, QWidget

from pudm_gui.review.pair_canvas import PairCanvas
from pudm_gui.review.sample_files import SampleFiles
from pudm_gui.theme import SPACE_S
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import icon

WIPE_STEP = 5


class PairView(QWidget):
    """The canvas, and in `controls`, for its owner to place: back, step, side by side or wipe."""

    closed = Signal()
    moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("One pair of samples"))
        self._count = 0
        self._index = -1
        self._conditions: tuple[str | int, ...] = ()
        self.canvas = PairCanvas()
        self._build_controls()
        self.slider.valueChanged.connect(self.canvas.set_wipe)
        self.canvas.wiped.connect(self.slider.setValue)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)

    def _build_controls(self) -> None:
        self.back = QPushButton(icon("chevron-left"), self.tr("All images"))
        self.back.setProperty("role", "quiet")
        self.back.setToolTip(self.tr("Back to all images (Esc)"))
        self.back.clicked.connect(self.closed)
        self.previous = self._arrow("chevron-left", self.tr("Previous image (Left)"), -1)
        self.next = self._arrow("chevron-right", self.tr("Next image (Right)"), 1)
        self.place = QLabel()
        self.condition = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.condition.setProperty("role", "muted")
        self.side_by_side = QPushButton(self.tr("Side by side"))
        self.wipe = QPushButton(self.tr("Wipe"))
        self.wipe.setToolTip(self.tr("One image over the other (W); Shift+Left and Shift+Right move the edge"))
        modes = QButtonGroup(self)
        for button in (self.side_by_side, self.wipe):
            button.setCheckable(True)
            button.setProperty("role", "quiet")
            modes.addButton(button)
        self.side_by_side.setChecked(True)
        self.wipe.toggled.connect(self._set_wiping)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setValue(50)
        self.slider.setFixedWidth(160)
        self.slider.setAccessibleName(self.tr("Edge between before and after"))
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrow keys step through the images
        self.slider.hide()
        self.controls = QWidget()
        row = QHBoxLayout(self.controls)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S)
        left: tuple[QWidget, ...] = (self.back, self.previous, self.place, self.next)
        right: tuple[QWidget, ...] = (self.slider, self.side_by_side, self.wipe)
        for widget in left:
            row.addWidget(widget)
        row.addWidget(self.condition, 1)
        for widget in right:
            row.addWidget(widget)

    def _arrow(self, name: str, tip: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setProperty("role", "quiet")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: self.step(step))
        return button

    def set_files(self, files: SampleFiles) -> None:
        """Show these pairs; an empty `before` leaves single images."""
        self._count = len(files.after)
        self._conditions = files.conditions
        self.canvas.set_files(files)
        for button in (self.side_by_side, self.wipe):
            button.setVisible(bool(files.before))
        self.slider.setVisible(bool(files.before) and self.wipe.isChecked())

    def show_pair(self, index: int) -> None:
        self._index = index
        self.canvas.show_pair(index)
        self.place.setText(self.tr("Image {index:,} of {count:,}").format(index=index + 1, count=self._count))
        self.condition.setText(self._condition_words(index))
        self.previous.setEnabled(index > 0)
        self.next.setEnabled(index < self._count - 1)

    def step(self, by: int) -> None:
        """Go to a neighbour, and stop at both ends."""
        index = min(max(self._index + by, 0), self._count - 1)
        if index != self._index:
            self.show_pair(index)
            self.moved.emit(index)

    def _condition_words(self, index: int) -> str:
        """What both images of a pair were drawn with."""
        if not self._conditions:
            return ""
        condition = self._conditions[index]
        if isinstance(condition, int):
            return self.tr("class {number}").format(number=condition)
        return self.tr("“{caption}”").format(caption=condition)

    @property
    def index(self) -> int:
        return self._index

    def _set_wiping(self, wiping: bool) -> None:
        self.canvas.set_wiping(wiping)
        self.slider.setVisible(wiping)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        sign = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key), 0)
        if sign and shift and self.canvas.wiping:
            self.slider.setValue(self.slider.value() + sign * WIPE_STEP)
        elif sign:
            self.step(sign)
        elif key == Qt.Key.Key_Escape:
            self.closed.emit()
        elif key == Qt.Key.Key_W and not self.wipe.isHidden():
            (self.side_by_side if self.wipe.isChecked() else self.wipe).setChecked(True)
        elif key == Qt.Key.Key_Space:
            self.canvas.set_held(True)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.canvas.set_held(False)
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.canvas.set_held(False)  # nobody may tell us when the key goes up
