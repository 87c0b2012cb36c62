"""An entry of the history in words."""

from __future__ import annotations

from PySide6.QtCore import QDate, QDateTime, QLocale, QObject, QTime

from pudm_gui.label.action_words import ActionWords
from pudm_gui.project.model import HistoryEntry
from pudm_gui.widgets.plain_text import printable


class HistoryWords(QObject):
    """Words for the list and for the entry below it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = ActionWords(self)

    def title(self, entry: HistoryEntry) -> str:
        """What was done, such as "3 images marked sensitive"."""
        if entry.kind == "undo":
            return self.tr("Undid: {what}").format(what=self._aim(entry))
        if entry.kind == "redo":
            return self.tr("Did again: {what}").format(what=self._aim(entry))
        if entry.kind == "revert":
            again = self.tr("Brought back: {what}") if entry.target_kind == "revert" else self.tr("Reverted: {what}")
            return again.format(what=self._aim(entry))
        if entry.kind == "label" and entry.source == "settled":
            return self.tr("Settled: {what}").format(what=self._actions.done(entry, entry.count))
        return self._actions.done(entry, entry.count)

    def details(self, entry: HistoryEntry) -> str:
        """Who, when, where it came from, and whether it is taken back, on one line."""
        parts = [printable(entry.annotator), when(entry.at), self.source(entry), self.state(entry)]
        return " · ".join(part for part in parts if part)

    def source(self, entry: HistoryEntry) -> str:
        """Where the labels came from; "" where that goes without saying, as by hand or from a file."""
        words = {
            "suggestion": self.tr("suggested"),
            "audit": self.tr("audit"),
        }
        return words.get(entry.source, "")

    def state(self, entry: HistoryEntry) -> str:
        """Whether it is taken back; "" where it holds."""
        if not entry.undone:
            return ""
        return self.tr("undone") if entry.reverted_by is None else self.tr("reverted")

    def tags(self, entry: HistoryEntry) -> str:
        """What was done to tags, such as "+face  −hands"."""
        signed = [f"{'+' if tag.startswith('+') else '−'}{tag[1:]}" for tag in entry.tags]
        return printable("  ".join(signed))

    def _aim(self, entry: HistoryEntry) -> str:
        return self._actions.aimed_at(entry, entry.target_count)


def when(seconds: float) -> str:
    """A moment as short as it can be told apart: today's without the date, this year's without the year."""
    moment, today = QDateTime.fromSecsSinceEpoch(int(seconds)), QDate.currentDate()
    locale = QLocale()
    clock = locale.toString(moment.time(), QLocale.FormatType.ShortFormat)
    if moment.date() == today:
        return clock
    pattern = "d MMM" if moment.date().year() == today.year() else "d MMM yyyy"
    return f"{locale.toString(moment.date(), pattern)} {clock}"


def whole_moment(seconds: float) -> str:
    """Date and time in full, with seconds."""
    moment, locale = QDateTime.fromSecsSinceEpoch(int(seconds)), QLocale()
    clock: QTime = moment.time()
    return f"{locale.toString(moment.date(), QLocale.FormatType.LongFormat)}, {clock.toString('HH:mm:ss')}"
