"""Importing and exporting labels on the Label page: opens the sheet, does the work, and goes back to the images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QBoxLayout, QWidget

from pudm_gui.label.exchange import words
from pudm_gui.label.exchange.curtain import Curtain
from pudm_gui.label.exchange.exporting import Exporting
from pudm_gui.label.exchange.return_bar import ReturnBar
from pudm_gui.label.exchange.sheet import ExchangeSheet
from pudm_gui.label.exchange.work import ExchangeWork, Preview
from pudm_gui.project.exchange.formats import Format
from pudm_gui.project.exchange.planning import ImportPlan
from pudm_gui.project.model import Change, Listing

if TYPE_CHECKING:
    from pudm_gui.label.page import LabelPage


class Exchange(QObject):
    """Puts the sheet in the place of what the page shows, and back."""

    def __init__(self, page: LabelPage) -> None:
        super().__init__(page)
        self._page = page
        self._session = page.session
        self._preview: Preview | None = None
        self._applying: ImportPlan | None = None
        self._source: Path | None = None
        self._format: Format | None = None
        self._stale = False
        self._changing = False
        """The plan went out of date while it was to be applied."""
        self.work = ExchangeWork(page.session.project, self)
        self.sheet = ExchangeSheet(page.session.project.name)
        self._before: QWidget = self.sheet.choice
        self._curtain = Curtain(page, self.sheet)
        self.waiting_bar = ReturnBar()
        layout = page.layout()
        assert isinstance(layout, QBoxLayout)
        layout.insertWidget(0, self.waiting_bar)
        self._exporting = Exporting(page, self.sheet, self.work, self._wait)
        self._connect()

    @property
    def open(self) -> bool:
        """Whether the sheet is to be seen."""
        return self._curtain.drawn

    # --- what the person does

    def start_import(self) -> None:
        """Ask which file or folder."""
        if self._may_import():
            self._forget()
            self._show()
            self.sheet.show_step(self.sheet.choice, self.tr("Import labels"))

    def read(self, path: Path) -> None:
        """Preview the import of a file or folder."""
        if not self._may_import():
            return
        self._forget()
        self._source, self._format = path, None
        self._show()
        self._read(keep_existing=False)

    def start_export(self) -> None:
        """Ask what to export, and where to."""
        if self._applying is not None:
            return
        self._forget()
        self._show()
        self._exporting.begin()

    def leave(self) -> None:
        """Back to the images, without doing anything."""
        self.work.stop()
        self._forget()
        self._hide()

    def close(self) -> None:
        """The page is about to close: end what is under way."""
        self.work.close()

    # --- putting together

    def _connect(self) -> None:
        sheet, preview, work = self.sheet, self.sheet.preview, self.work
        sheet.closed.connect(self.leave)
        sheet.choice.chosen.connect(self.read)
        sheet.waiting.stop_wanted.connect(self._stop)
        preview.import_wanted.connect(self._apply)
        preview.keep_toggled.connect(lambda keep: self._plan_again(keep))
        preview.format_chosen.connect(self._read_as)
        preview.read_again.connect(lambda: self._read(keep_existing=self._keeps))
        preview.listing_wanted.connect(self._show_listing)
        self.waiting_bar.message.action.connect(self._back_to_preview)
        self.waiting_bar.message.closed.connect(self._forget)
        work.progressed.connect(self._progressed)
        work.previewed.connect(self._previewed)
        work.imported.connect(self._imported)
        work.outdated.connect(self._outdated)
        work.failed.connect(self._failed)
        work.stopped.connect(self._stopped)
        self._session.labels_changed.connect(self._labels_changed)

    # --- steps

    @property
    def _keeps(self) -> bool:
        return self.sheet.preview.keep.isChecked()

    def _read_as(self, format_: Format) -> None:
        self._format = format_
        self._read(keep_existing=self._keeps)

    def _read(self, *, keep_existing: bool) -> None:
        assert self._source is not None
        self._wait(self.tr("Reading {file}").format(file=self._source.name))
        self.work.preview(self._source, self._format, keep_existing=keep_existing)

    def _plan_again(self, keep_existing: bool) -> None:
        if self._preview is not None:
            self.work.plan_again(self._preview, keep_existing=keep_existing)

    def _previewed(self, preview: Preview) -> None:
        if not self.open and self.waiting_bar.isHidden():  # left in the last moment
            return
        self._preview, self._stale = preview, False
        self.sheet.preview.show_preview(preview)
        plan = preview.plan
        self.sheet.apply.setText(words.button_text(plan))
        self.sheet.apply.setEnabled(not plan.empty and not plan.problems.count)
        title = self.tr("Import labels from {file}").format(file=plan.source.name)
        if self.sheet.steps.currentWidget() is not self.sheet.preview:
            self.sheet.show_step(self.sheet.preview, title, str(plan.source.parent))
        if self._changing:
            self._changing = False
            self.sheet.failure.show_message(
                self.tr("Labels have changed meanwhile, so nothing was imported. This is what would change now."),
                "warning",
            )

    def _apply(self) -> None:
        if self._preview is not None and self.sheet.apply.isEnabled():
            self._applying = self._preview.plan
            self._wait(self.tr("Importing {file}").format(file=self._preview.plan.source.name))
            self.work.apply(self._preview.plan)

    def _imported(self, plan: ImportPlan, changes: list[Change]) -> None:
        if self._applying is plan:  # otherwise the person has gone on to something else
            self._forget()
            self._hide()
        for change in changes:
            self._session.labels_changed.emit(change)
        self._page.hints.tell(words.imported(plan))

    def _outdated(self) -> None:
        self._applying = None
        self._changing = True
        self._plan_again(self._keeps)

    # --- waiting, failing, stopping

    def _wait(self, text: str) -> None:
        self._before = self.sheet.steps.currentWidget() or self.sheet.choice
        self.sheet.waiting.begin(text)
        self.sheet.show_step(self.sheet.waiting, self.sheet.title.full_text, self.sheet.path.full_text)

    def _progressed(self, count: int, share: float) -> None:
        self.sheet.waiting.advance(self.tr("{n} so far").format(n=words.number(count)), share)

    def _stop(self) -> None:
        self.sheet.waiting.stopping()
        self.work.stop()

    def _stopped(self) -> None:
        self._back("")

    def _failed(self, sentence: str) -> None:
        self._back(sentence)

    def _back(self, sentence: str) -> None:
        """To the step from which the work was begun, with what went wrong."""
        self._applying = None
        if not self.open:
            return
        step = self._before if self._before is not self.sheet.waiting else self.sheet.choice
        importing = step is not self.sheet.export
        title = self.tr("Import labels") if importing else self.tr("Export labels")
        self.sheet.show_step(step, title, self.sheet.path.full_text if step is self.sheet.preview else "")
        self.sheet.failure.show_message(sentence, "error")

    # --- the grid meanwhile

    def _show_listing(self, listing: Listing) -> None:
        """Put the sheet aside and show images of the plan."""
        assert self._preview is not None
        self._hide()
        text = self.tr("The labels of {file} are not imported yet.").format(file=self._preview.plan.source.name)
        self.waiting_bar.offer(text)
        self._page.context.show_listing(listing)

    def _back_to_preview(self) -> None:
        if self._preview is None:
            return
        self.waiting_bar.hide()
        self._page.context.show_listing(None)
        self._show()
        self.sheet.take_focus()
        if self._stale:
            self._plan_again(self._keeps)

    def _labels_changed(self) -> None:
        self._stale = True
        if self.open and self._preview is not None and not self.work.busy:
            self._plan_again(self._keeps)

    def _may_import(self) -> bool:
        if self._applying is not None:  # what has begun is to end first
            return False
        if not self._session.read_only:
            return True
        text = self.tr("Another window has this project open, so labels cannot be imported here; close it there first.")
        self._session.message.emit(text, "warning")
        return False

    def _forget(self) -> None:
        self._preview = self._applying = None
        self.sheet.preview.forget()
        self.waiting_bar.hide()

    def _show(self) -> None:
        self._page.closely.close()
        self._curtain.draw()

    def _hide(self) -> None:
        if self.open:
            self._curtain.open()
            self._page.view.setFocus()
