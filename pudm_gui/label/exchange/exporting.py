"""The export's step of the sheet: what is offered, doing it, and its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from pudm_gui.label.exchange.sheet import ExchangeSheet
from pudm_gui.label.exchange.words import number
from pudm_gui.label.exchange.work import ExchangeWork
from pudm_gui.project.exchange.exporting import ExportReport
from pudm_gui.project.model import Ids, ImageFilter

if TYPE_CHECKING:
    from pudm_gui.label.page import LabelPage


class Exporting(QObject):
    """Exports what the form says."""

    def __init__(
        self, page: LabelPage, sheet: ExchangeSheet, work: ExchangeWork, wait: Callable[[str], object]
    ) -> None:
        """`wait` shows words while something is under way."""
        super().__init__(page)
        self._page, self._sheet, self._work, self._wait = page, sheet, work, wait
        sheet.export.export_wanted.connect(self._start)
        work.exported.connect(self._done)

    def begin(self) -> None:
        """Offer what there is to export now."""
        model, view = self._page.model, self._page.view
        listed = len(model) if len(model) < model.counts.total else 0
        form = self._sheet.export
        form.show_scopes(model.counts.sensitive, model.counts.normal, listed, len(view.selection.chosen))
        form.result.show_message("")
        self._sheet.show_step(form, self.tr("Export labels"))

    def _start(self) -> None:
        form = self._sheet.export
        if form.target is None:
            form.place.setFocus()
            return
        self._wait(self.tr("Exporting to {place}").format(place=form.target.name))
        self._work.export(form.target, form.format, self._scope(form.scope), form.copying)

    def _scope(self, name: str) -> Ids | ImageFilter | None:
        if name == "listed":
            return self._page.model.ids
        if name == "selected":
            return self._page.view.chosen_ids()
        return None if name == "all" else ImageFilter(name)  # type: ignore[arg-type]

    def _done(self, report: ExportReport) -> None:
        form = self._sheet.export
        self._sheet.show_step(form, self.tr("Export labels"))
        text = self.tr("{n} images written to {place}.")
        if not report.written:
            text = self.tr("No image has what was asked for, so {place} is empty.")
        elif report.written == 1:
            text = self.tr("1 image written to {place}.")
        if report.left_out:
            text += " " + self.tr("{left} are not where they were, or have nothing to write, and were left out.")
        told = text.format(n=number(report.written), place=form.target, left=number(report.left_out))
        form.result.show_message(told, "warning" if report.left_out or not report.written else "success")
