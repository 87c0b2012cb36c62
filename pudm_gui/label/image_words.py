"""What is known of an image, in words: facts, who gave its label, and its history."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QObject

from pudm_gui.label.names import file_size, moment
from pudm_gui.project.model import HistoryEntry, ImageRow, Label
from pudm_gui.widgets.plain_text import printable

LINES = 8
"""Entries of the history that are shown."""


class ImageWords(QObject):
    """Sentences for the close-up."""

    def facts(self, row: ImageRow) -> str:
        number = QLocale().toString
        first = [f"{number(row.width)} × {number(row.height)}"] if row.width else []
        first += [file_size(row.size)] + ([row.format] if row.format else [])
        return " · ".join(first) + "\n" + self.tr("Changed {when}").format(when=moment(row.modified))

    def provenance(self, row: ImageRow, label: Label, history: Sequence[HistoryEntry]) -> str:
        """Who gave the label, how and when; "" without a label."""
        if label == Label.UNLABELED or not row.annotator:
            return ""
        how = {
            "hand": self.tr("Marked by {who}"),
            "import": self.tr("From a file, read by {who}"),
            "suggestion": self.tr("A suggestion that {who} accepted"),
            "audit": self.tr("Judged in an audit by {who}"),
            "settled": self.tr("A disagreement that {who} settled"),
        }.get(row.source, self.tr("Marked by {who}"))
        words = how.format(who=printable(row.annotator))
        given = [entry for entry in history if entry.label == label and not entry.undone]
        when = next((e.at for e in given if (e.annotator, e.source) == (row.annotator, row.source)), None)
        return words if when is None else f"{words}, {moment(when)}"

    def history(self, entries: Sequence[HistoryEntry]) -> str:
        """A line for each of the last entries, the newest first."""
        lines = [f"{moment(entry.at)}   {self._line(entry)}" for entry in entries[:LINES]]
        if (earlier := len(entries) - LINES) > 0:
            lines.append(self.tr("1 earlier") if earlier == 1 else self.tr("{n} earlier").format(n=earlier))
        return "\n".join(lines)

    def _line(self, entry: HistoryEntry) -> str:
        label = {
            Label.SENSITIVE: self.tr("sensitive"),
            Label.NORMAL: self.tr("normal"),
            Label.UNLABELED: self.tr("no label"),
            None: "",
        }[entry.label]
        tags = printable(
            "  ".join(tag.replace("+", "+ ", 1) if tag[0] == "+" else f"− {tag[1:]}" for tag in entry.tags)
        )
        given = ", ".join(part for part in (label, tags) if part)
        how = {
            "label": "{given}",
            "tag": "{given}",
            "import": self.tr("{given}, from a file"),
            "undo": self.tr("undone: {given}"),
            "redo": self.tr("redone: {given}"),
            "revert": self.tr("reverted: {given}"),
        }[entry.kind].format(given=given)
        line = f"{how}, {printable(entry.annotator)}"
        if entry.undone:
            line = self.tr("{what} (taken back)").format(what=line)
        return line[:1].upper() + line[1:]
