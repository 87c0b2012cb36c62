"""What stands in the place of the grid while there is nothing to show in it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QPushButton, QStackedWidget, QWidget

from pudm_gui.label.filter.conditions import conditions
from pudm_gui.label.filter.phrases import condition_name
from pudm_gui.label.grid.model import GridModel
from pudm_gui.project.model import ImageFilter, Show
from pudm_gui.session import Session
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.plain_text import printable


class EmptyStates(QStackedWidget):
    """No images yet, a scan that has found none so far, or a filter that lets none through.

    Signals
    -------
    folder_wanted
        The person wants to add a folder of images.
    all_wanted
        Every condition is to be put aside.
    less_wanted
        The last condition is to be put aside.
    """

    folder_wanted = Signal()
    all_wanted = Signal()
    less_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.waiting = QWidget()
        self.nothing = EmptyState("", "", "", icon_name="image")
        self.nothing.clicked.connect(self.folder_wanted)
        self.searching = EmptyState(
            self.tr("Looking for images"),
            self.tr("They appear here as they are found. You can begin to label at once."),
            icon_name="search",
        )
        self.filtered = FilteredState()
        self.filtered.clicked.connect(self.all_wanted)
        self.filtered.less.clicked.connect(self.less_wanted)
        for state in (self.waiting, self.nothing, self.searching, self.filtered):
            self.addWidget(state)

    def show_for(self, model: GridModel) -> bool:
        """Choose what goes with the model; whether there is anything to show instead of the grid."""
        if len(model):
            return False
        if not model.loaded:
            self.setCurrentWidget(self.waiting)
        elif model.counts.total == 0 and self._session.scanning:
            self.setCurrentWidget(self.searching)
        elif model.counts.total == 0:
            self._show_nothing()
        else:
            self._show_filtered(model.shown)
        return True

    def _show_nothing(self) -> None:
        title = self.tr("No images yet")
        if self._session.read_only:
            self.nothing.set_text(title, self.tr("They appear here when the other window has added a folder."))
        else:
            words = self.tr("Choose a folder, or drop one here. Your images are only read, never moved or changed.")
            self.nothing.set_text(title, words, self.tr("Add a folder of images"))
        self.setCurrentWidget(self.nothing)

    def _show_filtered(self, filter_: ImageFilter) -> None:
        title, text = self._words(filter_)
        less = self._last_condition(filter_)
        self.filtered.set_text(title, text, self.tr("Show all images"))
        self.filtered.less.setText(self.tr("Take away: {condition}").format(condition=less) if less else "")
        self.filtered.less.setVisible(bool(less))
        self.setCurrentWidget(self.filtered)

    def _words(self, filter_: ImageFilter) -> tuple[str, str]:
        more = conditions(filter_)
        name = printable(filter_.text)
        if not more and not name:
            return self._of_label(filter_.show)
        if not more and filter_.show == "all":
            words = self.tr("The search looks at folder and file names.")
            return self.tr("No image here is called like “{text}”").format(text=name), words
        if filter_.within is not None and len(more) == 1 and not name and filter_.show == "all":
            title = self.tr("“{title}” holds no images").format(title=printable(filter_.within.title))
            return title, self.tr("Nothing was found, or what was found has left the project.")
        asked = [self._labels()[filter_.show]] if filter_.show != "all" else []
        asked += [condition_name(condition) for condition in more]
        asked += [self.tr("Called like “{text}”").format(text=name)] if name else []
        if len(asked) == 1:
            return self.tr("No image meets this condition"), asked[0]
        return self.tr("No image meets all of these conditions"), "  ·  ".join(asked)

    def _of_label(self, show: Show) -> tuple[str, str]:
        titles = {
            "all": self.tr("No images"),
            "unlabeled": self.tr("Nothing is left to label"),
            "sensitive": self.tr("No image is marked sensitive yet"),
            "normal": self.tr("No image is marked normal yet"),
            "unreadable": self.tr("Every image can be read"),
        }
        words = {
            "sensitive": self.tr("Choose an image and press S. A few dozen are enough to begin."),
            "normal": self.tr("Choose an image and press N. Normal examples help, but they are not needed."),
        }
        return titles[show], words.get(show, "")

    def _labels(self) -> dict[Show, str]:
        return {
            "unlabeled": self.tr("Unlabeled"),
            "sensitive": self.tr("Sensitive"),
            "normal": self.tr("Normal"),
            "unreadable": self.tr("Unreadable"),
        }

    def _last_condition(self, filter_: ImageFilter) -> str:
        """What `less_wanted` would take away; "" where that would be everything."""
        more = conditions(filter_)
        if len(more) + bool(filter_.text) + (filter_.show != "all") < 2:
            return ""
        return f"“{printable(filter_.text)}”" if filter_.text else condition_name(more[-1])


class FilteredState(EmptyState):
    """The filter lets nothing through: all images, or one condition less."""

    def __init__(self) -> None:
        super().__init__("", "", "", icon_name="filter", primary=False)
        self.less = QPushButton()
        self.less.setProperty("role", "quiet")
        layout = self.layout()
        assert isinstance(layout, QBoxLayout)
        layout.insertWidget(layout.indexOf(self.button) + 1, self.less, alignment=Qt.AlignmentFlag.AlignHCenter)
