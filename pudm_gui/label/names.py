"""Times and sizes as they are shown to people."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale


def moment(seconds: float) -> str:
    """A date and time in the person's own way of writing."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(seconds)), QLocale.FormatType.ShortFormat)


def file_size(count: int) -> str:
    return QLocale().formattedDataSize(count, 1)
