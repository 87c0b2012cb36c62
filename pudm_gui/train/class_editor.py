"""Edits the numbers of a model's classes by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.class_map import parse_class_map, write_class_map
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.parts import set_role
from training.errors import UserError

ROWS_HEIGHT = 74
"""Three lines and a half: it shows that there may be more."""


class ClassEditor(QWidget):
    """Lines of ``name=number``, typed or from a file. Names that are numbers, or that the model knows, need none.

    Signals
    -------
    changed
        Other numbers.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known: dict[str, int] = {}
        self._count: int | None = None
        self.problem = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        title = QLabel(self.tr("Numbers of the classes"))
        title.setProperty("role", "muted")
        self.load_button = QPushButton(icon("file"), self.tr("From a file…"))
        self.load_button.setProperty("role", "quiet")
        self.load_button.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.addWidget(title, 1)
        row.addWidget(self.load_button)
        self.text = QPlainTextEdit()
        self.text.setFixedHeight(ROWS_HEIGHT)
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(self.tr("Numbers of the classes, one name=number a line"))
        self.text.textChanged.connect(self._edited)
        title.setBuddy(self.text)
        self.words = QLabel()
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        layout.addLayout(row)
        layout.addWidget(self.text)
        layout.addWidget(self.words)
        self._write()

    def set_known(self, names: dict[str, int], count: int | None) -> None:
        """What the model says of its classes: numbers by name, and how many there are."""
        self._known, self._count = names, count
        self._write()

    def value(self) -> dict[str, int]:
        """Number by name: the model's own, and what was written over them.

        Raises
        ------
        UserError
            A line is no name and number.
        """
        return self._known | parse_class_map(self.text.toPlainText())

    def add(self, names: Sequence[str]) -> None:
        """Write lines for `names`, and put the cursor where the first number goes."""
        lines = [line for line in self.text.toPlainText().splitlines() if line.strip()]
        before = "\n".join([*lines, f"{names[0]}="])
        self.text.setPlainText("\n".join([before, *(f"{name}=" for name in names[1:])]))
        cursor = self.text.textCursor()
        cursor.setPosition(len(before))
        self.text.setTextCursor(cursor)
        self.text.setFocus()

    def load(self, file: Path) -> None:
        """Take the lines of `file` in place of what is there, if they can be understood."""
        try:
            classes = parse_class_map(file.read_text("utf-8-sig"))
        except UserError as error:
            self._say(f"{file.name}: {error}")
        except (OSError, ValueError) as error:
            self._say(self.tr("{name} cannot be read ({reason}).").format(name=file.name, reason=error))
        else:
            self.text.setPlainText(write_class_map(classes))

    def _ask(self) -> None:
        title, kinds = (
            self.tr("Numbers of classes, one name=number a line"),
            self.tr("Text files (*.txt);;All files (*)"),
        )
        chosen, _ = QFileDialog.getOpenFileName(self, title, str(Path.home()), kinds)
        if chosen:
            self.load(Path(chosen))

    def _edited(self) -> None:
        try:
            parse_class_map(self.text.toPlainText())
            self._say("")
        except UserError as error:
            self._say(str(error))
        self.changed.emit()

    def _say(self, problem: str) -> None:
        self.problem = problem
        self._write()

    def _write(self) -> None:
        last = QLocale().toString(max((self._count or 1) - 1, 0))
        self.text.setPlaceholderText(self.tr("cats=3\ndogs=7"))
        hint = self.tr("From 0 to {last}. Names that are numbers need no line.").format(last=last)
        if self._known:
            hint = self.tr("From 0 to {last}. Names that the model knows, and numbers, need no line.").format(last=last)
        self.words.setText(self.problem or hint)
        set_role(self.words, "danger" if self.problem else "small")
