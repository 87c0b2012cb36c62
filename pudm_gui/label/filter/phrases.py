"""Conditions, sources and orders in words for people."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from pudm_gui.label.filter.conditions import Condition
from pudm_gui.project.model import SortKey
from pudm_gui.widgets.plain_text import printable


def _tr(text: str) -> str:
    return QCoreApplication.translate("filter", text)


def source_name(source: str) -> str:
    """Where a label came from, such as "By hand"; an unknown source as it is."""
    names = {
        "hand": _tr("By hand"),
        "import": _tr("From a file"),
        "suggestion": _tr("Suggestion accepted"),
        "audit": _tr("Audit"),
        "settled": _tr("Disagreement settled"),
    }
    return names.get(source, printable(source))


def sort_name(key: SortKey | None, *, listed: bool) -> str:
    """What an order is called; without a key it is the listing's own, or by path."""
    names: dict[SortKey | None, str] = {
        None: _tr("Best first") if listed else _tr("Folder and name"),
        "path": _tr("Folder and name"),
        "name": _tr("Name"),
        "size": _tr("File size"),
        "modified": _tr("Date"),
        "resolution": _tr("Resolution"),
        "labeled": _tr("When labeled"),
    }
    return names[key]


def condition_name(condition: Condition) -> str:
    """What a chip says."""
    value = printable(condition.value)
    if condition.kind == "source":
        return source_name(condition.value)
    names = {
        "listing": value,
        "tag": _tr("Tag: {value}"),
        "untagged": _tr("Without a tag"),
        "by": _tr("Labeled by {value}"),
        "folder": _tr("In {value}"),
        "size": _tr("Size {value}"),
        "date": _tr("Date {value}"),
        "edge": _tr("Shorter side {value} px"),
        "changed": _tr("Changed since labeled"),
    }
    name = names[condition.kind]
    return name if condition.kind == "listing" else name.format(value=_readable(condition.kind, value))


def _readable(kind: str, value: str) -> str:
    """A range as people write it: "≥ 2mb", "256–512"."""
    if kind not in ("size", "date", "edge"):
        return value
    for sign, shown in ((">=", "≥ "), ("<=", "≤ "), (">", "> "), ("<", "< ")):
        if value.startswith(sign):
            return shown + value.removeprefix(sign)
    return value.replace("..", " – ")
