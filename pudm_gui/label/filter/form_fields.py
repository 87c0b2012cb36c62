"""The parts of the filter form: values to tick, a word with completion, and a range."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QListView, QWidget

from pudm_gui import theme
from pudm_gui.label.filter.flow import Flow
from pudm_gui.widgets.parts import set_styled
from pudm_gui.widgets.pill import Pill
from pudm_gui.widgets.plain_text import printable, tip

MOST_VALUES = 30
WIDEST = 200


class ValuePill(Pill):
    """A value with its count; a long one is shortened."""

    def __init__(self, name: str, count: int | None, parent: QWidget | None = None) -> None:
        super().__init__(self._short(name), count, parent)
        if self._short(name) != name:
            self.setToolTip(tip(name))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _short(self, name: str) -> str:
        return name if len(name) <= 24 else f"{name[:13]}…{name[-10:]}"


class Values(Flow):
    """Values of which several may be ticked.

    Signals
    -------
    ticked
        A value, and whether it is wanted now.
    """

    ticked = Signal(str, bool)

    def __init__(self, name: Callable[[str], str] = printable, parent: QWidget | None = None) -> None:
        super().__init__(3, parent)
        self._name = name
        self._pills: dict[str, ValuePill] = {}

    @property
    def pills(self) -> dict[str, ValuePill]:
        return self._pills

    def show_values(self, counts: Mapping[str, int], ticked: Iterable[str]) -> None:
        """Offer the most frequent values, and in any case those that are ticked."""
        ticked = tuple(ticked)
        offered = list(dict.fromkeys((*ticked, *list(counts)[:MOST_VALUES])))
        if set(ticked) <= set(self._pills) and set(list(counts)[:MOST_VALUES]) <= set(self._pills):
            offered = list(self._pills)  # nothing is new: what was ticked stays in its place
        for value in [value for value in self._pills if value not in offered]:
            self._pills.pop(value).deleteLater()
        self._pills = {value: self._pills.get(value) or self._made(value) for value in offered}
        for value, pill in self._pills.items():
            pill.set_count(counts.get(value))
            pill.setChecked(value in ticked)
        self.set_items(list(self._pills.values()))

    def _made(self, value: str) -> ValuePill:
        pill = ValuePill(self._name(value), None, self)
        pill.clicked.connect(lambda on: self.ticked.emit(value, on))
        return pill


class WordField(QLineEdit):
    """A word with completion from those there are; `chosen` when it is complete."""

    chosen = Signal(str)

    def __init__(self, placeholder: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(name)
        self._words = QStringListModel(self)
        completer = QCompleter(self._words, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(10)
        popup = QListView()
        popup.setProperty("role", "popup")
        completer.setPopup(popup)
        completer.activated[str].connect(self._take)  # type: ignore[index]
        self.setCompleter(completer)
        self.returnPressed.connect(lambda: self._take(self.text()))

    def set_words(self, words: Iterable[str]) -> None:
        words = list(words)
        if words != self._words.stringList():
            self._words.setStringList(words)

    def _take(self, text: str) -> None:
        self.chosen.emit(text.strip())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._take(self.text())


class RangeFields(QWidget):
    """From and to, each typed as in a query; one that is not understood is marked and changes nothing.

    Signals
    -------
    changed
        Least and most (or from and until), None where there is no bound.
    """

    changed = Signal(tuple)

    def __init__(
        self,
        name: str,
        hints: tuple[str, str],
        read: Callable[[str], tuple[Any, Any]],
        write: Callable[[tuple[Any, Any]], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._read, self._write = read, write
        self._bounds: tuple[Any, Any] = (None, None)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.least, self.most = QLineEdit(), QLineEdit()
        names = (self.tr("{name}, from").format(name=name), self.tr("{name}, to").format(name=name))
        for field, hint, accessible in zip((self.least, self.most), hints, names, strict=True):
            field.setPlaceholderText(hint)
            field.setAccessibleName(accessible)
            field.setClearButtonEnabled(True)
            field.editingFinished.connect(self._edited)
            field.textChanged.connect(lambda text, field=field: self._cleared(field) if not text else None)
        layout.addWidget(self.least, 1)
        layout.addWidget(QLabel(self.tr("to")))
        layout.addWidget(self.most, 1)

    def show_range(self, bounds: tuple[Any, Any]) -> None:
        if bounds == self._bounds:
            return
        self._bounds = bounds
        texts = (self._end((bounds[0], None)), self._end((None, bounds[1])))
        for field, text in zip((self.least, self.most), texts, strict=True):
            field.blockSignals(True)
            field.setText(text)
            field.blockSignals(False)
            self._mark(field, wrong=False)

    def _end(self, bounds: tuple[Any, Any]) -> str:
        """The bound alone: the including form, without its sign."""
        if bounds == (None, None):
            return ""
        return self._write(bounds)

    def _cleared(self, field: QLineEdit) -> None:
        if field.hasFocus():
            self._edited()

    def _edited(self) -> None:
        least, low_wrong = self._bound(self.least, ">=", 0)
        most, high_wrong = self._bound(self.most, "<=", 1)
        reversed_ = not (low_wrong or high_wrong) and least is not None and most is not None and least > most
        self._mark(self.least, wrong=low_wrong)
        self._mark(self.most, wrong=high_wrong or reversed_)
        if low_wrong or high_wrong or reversed_ or (least, most) == self._bounds:
            return
        self._bounds = (least, most)
        self.changed.emit(self._bounds)

    def _bound(self, field: QLineEdit, sign: str, end: int) -> tuple[Any, bool]:
        text = field.text().strip()
        if not text:
            return None, False
        try:
            return self._read(text if text[0] in "<>" else f"{sign}{text}")[end], False
        except (ValueError, OverflowError):
            return None, True

    def _mark(self, field: QLineEdit, *, wrong: bool) -> None:
        set_styled(field, "invalid", wrong)
        field.setToolTip(self.tr("This is not understood, or more than the other end") if wrong else "")
