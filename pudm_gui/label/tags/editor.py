"""The tags of one image or of a selection: taken off by a click, put on by typing, a click or a number."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QStringListModel, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCompleter, QLabel, QLineEdit, QListView, QMenu, QPushButton, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.label.filter.flow import Flow
from pudm_gui.label.tags.stock import TagStock
from pudm_gui.project.tags import clean
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.plain_text import printable, tip
from pudm_gui.widgets.removable_chip import RemovableChip

ROWS = 12


class TagChip(RemovableChip):
    """A tag that all of the images have, or some: then it says how many, and a click puts it on the others."""

    def __init__(self, tag: str, count: int, whole: int, parent: QWidget | None = None) -> None:
        self.mixed = count < whole
        name = printable(tag)
        super().__init__(f"{name}  {count:,}" if self.mixed else name, None, parent)
        self.tag = tag
        self.setProperty("role", "mixed" if self.mixed else "condition")
        words = (
            self.tr("{tag}: on {n} of {all} images. Click to put it on all of them, Delete takes it off").format(
                tag=name, n=f"{count:,}", all=f"{whole:,}"
            )
            if self.mixed
            else self.tr("{tag}: click to take it off").format(tag=name)
        )
        self.setAccessibleName(words)
        self.setToolTip(tip(words))

    @property
    def end_icon(self) -> str:
        return "plus" if self.mixed else "close"


class TagEntry(QLineEdit):
    """New tags, parted by commas, with completion of the last one.

    Signals
    -------
    entered
        The tags that were typed, when Return was pressed or the field was left.
    """

    entered = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Add tags"))
        self._known: list[str] = []
        self._words = QStringListModel(self)
        self._completer = QCompleter(self._words, self)
        self._completer.setWidget(self)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._popup = QListView()
        self._popup.setProperty("role", "popup")
        self._completer.setPopup(self._popup)
        self._completer.activated[str].connect(self._insert)  # type: ignore[index]
        self.textEdited.connect(lambda _: self._offer())

    def set_words(self, words: list[str]) -> None:
        """The known tags. They are taken over at the next letter: what is offered now stays."""
        self._known = words

    def take(self) -> None:
        """What has been typed counts now."""
        self._popup.hide()
        tags = clean(self.text().split(","))
        self.clear()
        if tags:
            self.entered.emit(tags)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        returned = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if self._popup.isVisible() and (
            event.key() == Qt.Key.Key_Escape or (returned and self._popup.currentIndex().isValid())
        ):
            event.ignore()  # the completer does what is usual
        elif returned:
            self.take()
            self.returnPressed.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.returnPressed.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.take()

    def _offer(self) -> None:
        if self._known != self._words.stringList():
            self._words.setStringList(self._known)
        begun = self.text().rpartition(",")[2].strip()
        self._completer.setCompletionPrefix(begun)
        found = self._completer.completionCount()
        known = found == 1 and self._completer.currentCompletion() == begun
        if not begun or not found or known:
            self._popup.hide()
        else:
            self._completer.complete()

    def _insert(self, tag: str) -> None:
        before = self.text().rpartition(",")[0]
        self.setText(f"{before}, {tag}" if before else tag)


class TagEditor(QWidget):
    """Shows tags, and says which ones to put on and to take off.

    Signals
    -------
    retagged
        Tags to put on all of the images, and tags to take off all of them.
    """

    retagged = Signal(list, list)

    def __init__(self, stock: TagStock, editable: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stock, self._editable = stock, editable
        self._shares: dict[str, int] = {}
        self._whole = 1
        self._chips: list[TagChip] = []
        self._quick: list[QPushButton] = []
        self.title = QLabel(self.tr("Tags"))
        self.title.setProperty("role", "strong")
        self.chips = Flow(ROWS)
        self.entry = TagEntry()
        self.entry.entered.connect(lambda tags: self.retagged.emit(tags, []))
        self.numbers = Flow(ROWS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        for part in (self.title, self.chips, self.entry, self.numbers):
            layout.addWidget(part)
        self.entry.setVisible(editable)
        stock.changed.connect(self._show_stock)
        self._show_stock()

    def show_tags(self, shares: Mapping[str, int], whole: int, *, unlabeled: bool) -> None:
        """Show how many of `whole` images have each tag; `unlabeled` ones would become sensitive."""
        self.title.setText(self.tr("Tags") if whole == 1 else self.tr("Tags of {n} images").format(n=f"{whole:,}"))
        self.entry.setPlaceholderText(self.tr("Add a tag (marks as sensitive)") if unlabeled else self.tr("Add a tag"))
        if dict(shares) != self._shares or whole != self._whole:
            self._shares, self._whole = dict(shares), whole
            self._show_chips()
        self._check_numbers()

    def has(self, tag: str) -> bool:
        """Whether all of the images have it."""
        return self._shares.get(tag) == self._whole

    def _show_chips(self) -> None:
        for old in self._chips:
            old.deleteLater()
        self._chips = [TagChip(tag, count, self._whole) for tag, count in self._shares.items()]
        for chip in self._chips:
            chip.setEnabled(self._editable)
            chip.clicked.connect(lambda _=False, chip=chip: self._clicked(chip))
        self.chips.set_items(self._chips)
        self.chips.setVisible(bool(self._chips))

    def _clicked(self, chip: TagChip) -> None:
        self.retagged.emit([chip.tag], []) if chip.mixed else self.retagged.emit([], [chip.tag])

    def _show_stock(self) -> None:
        self.entry.set_words(list(self._stock.counts))
        for old in self._quick:
            old.deleteLater()
        self._quick = [self._number(number, tag) for number, tag in enumerate(self._stock.numbered, 1)]
        self.numbers.set_items(self._quick)
        self.numbers.setVisible(bool(self._quick) and self._editable)
        self._check_numbers()

    def _check_numbers(self) -> None:
        for button, tag in zip(self._quick, self._stock.numbered, strict=True):
            button.setChecked(self.has(tag))

    def _number(self, number: int, tag: str) -> QPushButton:
        name = printable(tag)
        shown = name if len(name) <= 20 else f"{name[:11]}…{name[-8:]}"
        button = QPushButton(f"{number}  {shown}")
        button.setProperty("role", "number")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        pinned = tag in self._stock.pinned
        if pinned:
            button.setIcon(icon("pin", "text_muted"))
        words = self.tr("{tag}: key {n} puts it on the selected images, or takes it off").format(tag=name, n=number)
        button.setToolTip(tip(words))
        button.setAccessibleName(words)
        button.clicked.connect(lambda: self.toggle(tag))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.customContextMenuRequested.connect(lambda at: self._offer_pin(button, at, tag, pinned))
        return button

    def toggle(self, tag: str) -> None:
        """Put a tag on all of the images, or off where all have it."""
        self.retagged.emit([], [tag]) if self.has(tag) else self.retagged.emit([tag], [])
        self._check_numbers()

    def _offer_pin(self, button: QPushButton, at: QPoint, tag: str, pinned: bool) -> None:
        menu = QMenu(button)
        words = self.tr("Let this number go") if pinned else self.tr("Keep this number for this tag")
        action = QAction(icon("pin"), words, menu)
        action.triggered.connect(lambda: self._stock.pin(tag, not pinned))
        menu.addAction(action)
        menu.popup(button.mapToGlobal(at))
