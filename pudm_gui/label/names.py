"""File names and numbers as they are shown to people."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale


def printable(name: str) -> str:
    """A file name on one line, whatever bytes and line breaks it holds."""
    readable = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("␤" if char in "\r\n" else char if char.isprintable() else "�" for char in readable)


def moment(seconds: float) -> str:
    """A date and time in the person's own way of writing."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(seconds)), QLocale.FormatType.ShortFormat)


def file_size(count: int) -> str:
    return QLocale().formattedDataSize(count, 1)
