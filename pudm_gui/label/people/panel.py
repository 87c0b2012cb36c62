"""The panel "People"."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QLocale, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pudm_gui import theme
from pudm_gui.label.people.annotators import AnnotatorTable
from pudm_gui.label.people.name import LONGEST, cleaned, remember_name
from pudm_gui.label.people.pair import PairCard
from pudm_gui.label.people.words import AgreementWords
from pudm_gui.label.side import LabelContext
from pudm_gui.project.agreement import People, people
from pudm_gui.project.model import Listing
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.parts import add_rule, note, scrolled_column

PAUSE_MS = 300
"""Between two counts while somebody labels."""
SHOWN = 12
"""Annotators, and pairs of them, that are listed; the rest is told as a number."""
DISPUTED = "disputed"


class PeoplePanel(QScrollArea):
    """Who you are, who has labeled how much, how far each two agree, and what is to be settled."""

    def __init__(
        self,
        context: LabelContext,
        import_labels: Callable[[], object],
        export_labels: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._words = AgreementWords(self)
        self._found: People | None = None
        self._asking = self._again = False
        self._thread = OffThread(self, threads=1)
        self._later = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._later.timeout.connect(self._ask)
        self._layout = scrolled_column(self, theme.SPACE_S)
        self._add_name()
        self._add_labeled()
        self._add_agreement()
        self._add_colleagues(import_labels, export_labels)
        self._layout.addStretch(1)
        context.session.labels_changed.connect(lambda _: self._want())

    def shown(self) -> None:
        """The panel came to the front."""
        self.name.setText(self._context.session.project.annotator)
        self._ask()

    @property
    def busy(self) -> bool:
        """Whether figures are still to come."""
        return self._asking or self._later.isActive()

    def settle(self) -> None:
        """List the images on which people disagree; labels given there settle."""
        if self._found is None or not len(self._found.disputed):
            return
        listing = Listing(self.tr("Disagreements"), self._found.disputed, source="settled", key=DISPUTED)
        self._context.show_listing(listing)
        self._context.view.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._later.stop()
        self._thread.cancel_waiting()
        self._thread.wait()

    # --- parts

    def _add_name(self) -> None:
        self._layout.addWidget(note(self.tr("Your name"), "strong"))
        self.name = QLineEdit(self._context.session.project.annotator)
        self.name.setMaxLength(LONGEST)
        self.name.setAccessibleName(self.tr("Your name"))
        self.name.setReadOnly(self._context.session.read_only)
        self.name.editingFinished.connect(self._rename)
        self._layout.addWidget(self.name)
        self._layout.addWidget(note(self.tr("Labels you give from now on carry this name; earlier ones keep theirs.")))

    def _add_labeled(self) -> None:
        add_rule(self._layout)
        self._layout.addWidget(note(self.tr("Who has labeled"), "strong"))
        self.annotators = QVBoxLayout()
        self._layout.addLayout(self.annotators)
        self.nobody = note(self.tr("Nobody yet."))
        self._layout.addWidget(self.nobody)

    def _add_agreement(self) -> None:
        add_rule(self._layout)
        self._layout.addWidget(note(self.tr("Agreement"), "strong"))
        self.alone = note(
            self.tr("Two people who label the same images show how clear the line is between sensitive and normal."),
        )
        self._layout.addWidget(self.alone)
        self.disputed = note("", "")
        self.settle_button = QPushButton(self.tr("Settle them"))
        self.settle_button.setToolTip(self.tr("List them in the grid, and say for each what it is"))
        self.settle_button.clicked.connect(self.settle)
        self.settle_hint = note(
            self.tr("S or N has the last word. What each person said, and these figures, stay as they are."),
        )
        for widget in (self.disputed, self.settle_button, self.settle_hint):
            self._layout.addWidget(widget)
        self._layout.setAlignment(self.settle_button, Qt.AlignmentFlag.AlignLeft)
        self.pairs = QVBoxLayout()
        self.pairs.setSpacing(theme.SPACE_S)
        self._layout.addLayout(self.pairs)

    def _add_colleagues(self, import_labels: Callable[[], object], export_labels: Callable[[], object]) -> None:
        add_rule(self._layout)
        self._layout.addWidget(note(self.tr("Label with a colleague"), "strong"))
        steps = self.tr(
            "1. Your colleague makes a project from a copy of the same images, and writes their name here.\n"
            "2. They label some of what you have labeled, and export their labels.\n"
            "3. You import that file. Images are found by path or content, and the labels keep your colleague's name."
        )
        self._layout.addWidget(note(steps))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        self.import_button = QPushButton(icon("import"), self.tr("Import…"))
        self.import_button.setAccessibleName(self.tr("Import labels"))
        self.import_button.clicked.connect(lambda: import_labels())
        self.export_button = QPushButton(icon("export"), self.tr("Export…"))
        self.export_button.setAccessibleName(self.tr("Export labels"))
        self.export_button.clicked.connect(lambda: export_labels())
        for button in (self.import_button, self.export_button):
            button.setIconSize(QSize(16, 16))
            row.addWidget(button)
        row.addStretch(1)
        self._layout.addLayout(row)

    # --- following

    def _rename(self) -> None:
        name, project = cleaned(self.name.text()), self._context.session.project
        if name and not self._context.session.read_only and name != project.annotator:
            remember_name(project, name)
        self.name.setText(project.annotator)

    def _want(self) -> None:
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _ask(self) -> None:
        if self._asking:
            self._again = True
            return
        self._asking = True
        project = self._context.session.project
        self._thread.submit(lambda: people(project), self._answered, failed=self._failed)

    def _failed(self) -> None:
        self._asking = self._again = False

    def _answered(self, found: People) -> None:
        self._asking, self._found = False, found
        self._show(found)
        if self._again:
            self._again = False
            self._ask()

    def _show(self, found: People) -> None:
        _empty(self.annotators)
        self.annotators.addWidget(AnnotatorTable(found.annotators[:SHOWN], self._context.session.project.annotator))
        if (more := len(found.annotators) - SHOWN) > 0:
            self.annotators.addWidget(note(self.tr("and {n} more").format(n=more)))
        self.nobody.setVisible(not found.annotators)
        _empty(self.pairs)
        for pair in found.agreements[:SHOWN]:
            self.pairs.addWidget(PairCard(pair, self._words))
        self.alone.setVisible(not found.agreements)
        self._show_disputed(found)

    def _show_disputed(self, found: People) -> None:
        count = len(found.disputed)
        settled = sum(pair.settled for pair in found.agreements)
        if count == 0:
            words = self.tr("Nothing is left to settle.") if settled else self.tr("The labels agree on every image.")
        elif count == 1:
            words = self.tr("The labels differ on 1 image.")
        else:
            words = self.tr("The labels differ on {n} images.").format(n=QLocale().toString(count))
        self.disputed.setText(words)
        self.disputed.setVisible(bool(found.agreements))
        for widget in (self.settle_button, self.settle_hint):
            widget.setVisible(count > 0)
        self.settle_button.setEnabled(not self._context.session.read_only)


def _empty(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
