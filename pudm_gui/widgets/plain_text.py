"""Text from outside, such as file names, made fit to be shown."""

from __future__ import annotations

import html
import unicodedata

from PySide6.QtGui import Qt


def printable(text: str) -> str:
    """`text` on one line, whatever bytes and line breaks it holds."""
    readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("␤" if char in "\r\n" else "�" if unicodedata.category(char) == "Cc" else char for char in readable)


def tip(text: str) -> str:
    """`text` for a tooltip, where Qt would take a name in angle brackets for markup."""
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>" if Qt.mightBeRichText(text) else text
