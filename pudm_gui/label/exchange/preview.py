"""What an import is going to do, to be looked at before it is done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.exchange import words
from pudm_gui.label.exchange.figures import Figures
from pudm_gui.label.exchange.tables import (
    GIVER_WIDTH,
    LABEL_WIDTH,
    PLACE_WIDTH,
    TAGS_WIDTH,
    ChangeModel,
    ProblemModel,
    table,
)
from pudm_gui.label.exchange.work import Preview
from pudm_gui.project.exchange.formats import Format
from pudm_gui.project.exchange.rows import KEPT, Noted
from pudm_gui.project.model import Ids, Listing
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.message import InlineMessage

TABLES: tuple[Format, ...] = ("csv", "jsonl")
LEAST_HEIGHT = 110
FOLDERS: tuple[Format, ...] = ("folder", "sidecar")


class PreviewPanel(QWidget):
    """Counts, remarks, and the changes one by one.

    Signals
    -------
    import_wanted
        Do it.
    keep_toggled
        Whether images keep the label that they have.
    format_chosen
        The file is to be read as another `Format`.
    read_again
        The file is to be read once more, such as after it was corrected.
    listing_wanted
        A `Listing` to be shown in the grid.
    """

    import_wanted = Signal()
    keep_toggled = Signal(bool)
    format_chosen = Signal(str)
    read_again = Signal()
    listing_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preview: Preview | None = None
        self.figures = Figures()
        self.remarks = QLabel()
        self.remarks.setProperty("role", "muted")
        self.remarks.setWordWrap(True)
        self.problem = InlineMessage(kind="error", closable=False)
        self.problem.action.connect(self.read_again)
        self.overwritten = InlineMessage(kind="warning", closable=False)
        self.overwritten.action.connect(self._show_overwritten)
        self.kept = InlineMessage(kind="info", closable=False)
        self.kept.action.connect(self._show_kept)
        self.keep = QCheckBox(self.tr("Keep the labels and tags that images have"))
        self.keep.setToolTip(self.tr("Only images without a label get one, and no tag is taken off"))
        self.keep.toggled.connect(self.keep_toggled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_L)
        layout.setSpacing(theme.SPACE_M)
        layout.addLayout(self._head())
        layout.addWidget(self.problem)
        layout.addWidget(self.figures)
        layout.addWidget(self.overwritten)
        layout.addWidget(self.kept)
        layout.addWidget(self.remarks)
        layout.addWidget(self._tabs(), 1)

    def show_preview(self, preview: Preview) -> None:
        plan, self._preview = preview.plan, preview
        self._show_format(plan.format)
        self._blocked(self.keep, plan.keep_existing)
        rows = self.tr("1 row") if plan.rows == 1 else self.tr("{n} rows").format(n=words.number(plan.rows))
        self.rows.setText(rows)
        self.figures.show_plan(plan)
        self.remarks.setText(words.remarks(plan))
        self.remarks.setVisible(bool(self.remarks.text()))
        wrong = plan.problems.count > 0
        self.problem.show_message(
            words.problems(plan) if wrong else "", "error", action_text=self.tr("Read it again") if wrong else None
        )
        show = self.tr("Show in the grid")
        for message, ids, kind, text in (
            (self.overwritten, plan.overwritten, "warning", words.overwritten),
            (self.kept, plan.kept, "info", words.kept),
        ):
            message.show_message(text(plan) if len(ids) else "", kind, action_text=show)  # type: ignore[arg-type]
        self.changes.show_changes(preview.first)
        self.nothing.set_text(*words.nothing_changes(plan))
        self.list.setCurrentWidget(self.change_table if preview.first else self.nothing)
        self.unknown.show_problems(plan.unknown.first)
        self.problems.show_problems(plan.problems.first)
        self._name_tabs(preview)
        self.tabs.setCurrentIndex(2 if wrong else 1 if not len(plan.changed) and plan.unknown.count else 0)

    def forget(self) -> None:
        """Let go of the plan: that of a million rows takes 150 MB."""
        self._preview = None
        self.changes.show_changes(())

    def _head(self) -> QHBoxLayout:
        self.rows = QLabel()
        self.rows.setProperty("role", "muted")
        self.format = QComboBox()
        self.format.setAccessibleName(self.tr("How the file is read"))
        self.format.activated.connect(lambda _: self.format_chosen.emit(self.format.currentData()))
        label = QLabel(self.tr("Read as"))
        label.setProperty("role", "muted")
        label.setBuddy(self.format)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.keep)
        row.addStretch(1)
        row.addWidget(self.rows)
        row.addSpacing(theme.SPACE_M)
        row.addWidget(label)
        row.addWidget(self.format)
        return row

    def _tabs(self) -> QTabWidget:
        self.changes = ChangeModel(self)
        self.unknown = ProblemModel((self.tr("Where"), self.tr("File that is not in this project")), self)
        self.problems = ProblemModel((self.tr("Where"), self.tr("What is wrong")), self)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setMinimumHeight(LEAST_HEIGHT)
        widths = (0, LABEL_WIDTH, LABEL_WIDTH, TAGS_WIDTH, GIVER_WIDTH)
        self.change_table = table(self.changes, self.tr("Images that change"), widths)
        self.nothing = EmptyState("", "", icon_name="check")
        self.list = QStackedWidget()
        self.list.addWidget(self.change_table)
        self.list.addWidget(self.nothing)
        self.tabs.addTab(self.list, "")
        self.tabs.addTab(table(self.unknown, self.tr("Files that are not in this project"), (PLACE_WIDTH, 0)), "")
        self.tabs.addTab(table(self.problems, self.tr("What is wrong in the file"), (PLACE_WIDTH, 0)), "")
        return self.tabs

    def _name_tabs(self, preview: Preview) -> None:
        plan = preview.plan
        shown, whole = len(preview.first), len(plan.changed)
        texts = [
            (self.tr("Changes"), shown, whole),
            (self.tr("Not in this project"), *_told(plan.unknown)),
            (self.tr("Problems"), *_told(plan.problems)),
        ]
        for place, (title, some, every) in enumerate(texts):
            figures = words.number(every)
            if some < every:
                figures = self.tr("first {some} of {all}").format(some=words.number(some), all=figures)
            self.tabs.setTabText(place, f"{title} ({figures})")
            self.tabs.setTabVisible(place, place == 0 or every > 0)

    def _show_format(self, chosen: Format) -> None:
        names = words.format_names()
        self.format.blockSignals(True)
        self.format.clear()
        for name in TABLES if chosen in TABLES else FOLDERS:
            self.format.addItem(names[name], name)
        self.format.setCurrentIndex(self.format.findData(chosen))
        self.format.blockSignals(False)

    def _show_overwritten(self) -> None:
        if self._preview is not None:
            self._show(self.tr("Would get another label"), self._preview.plan.overwritten)

    def _show_kept(self) -> None:
        if self._preview is not None:
            self._show(self.tr("Keep their label"), self._preview.plan.kept)

    def _show(self, title: str, ids: Ids) -> None:
        self.listing_wanted.emit(Listing(title, ids))

    @staticmethod
    def _blocked(box: QCheckBox, checked: bool) -> None:
        box.blockSignals(True)
        box.setChecked(checked)
        box.blockSignals(False)


def _told(noted: Noted) -> tuple[int, int]:
    return min(noted.count, KEPT), noted.count
