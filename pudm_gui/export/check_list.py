"""What is proved about an exported folder, one line each, ticked as the engine reports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pudm_gui.theme import SPACE_S, SPACE_XS
from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.icons import icon

MARK = 16


@dataclass(frozen=True, slots=True)
class Check:
    """One line. `ok` None means not known yet."""

    name: str
    ok: bool | None
    detail: str = ""


def expected_checks() -> list[Check]:
    """The checks that an export goes through, before any of them is known."""
    return [Check(name, None) for name in NAMES]


def checks_of(result: dict[str, Any]) -> list[Check]:
    """The checks in a `result` event of the engine."""
    found = result.get("checks")
    return [
        Check(str(check.get("name", "")), bool(check.get("ok")), str(check.get("detail") or ""))
        for check in (found if isinstance(found, list) else [])
        if isinstance(check, dict)
    ]


class CheckList(QWidget):
    """Ticks, crosses and, while it is not known yet, rings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setHorizontalSpacing(SPACE_S)
        self._layout.setVerticalSpacing(SPACE_XS)
        self._layout.setColumnStretch(2, 1)
        self.checks: list[Check] = []

    def show_checks(self, checks: Sequence[Check]) -> None:
        while item := self._layout.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        self.checks = list(checks)
        for row, check in enumerate(checks):
            symbol, tint = _SYMBOLS[check.ok]
            mark = QLabel()
            mark.setPixmap(icon(symbol, tint).pixmap(MARK, MARK))
            words = QLabel(check_words(check.name))
            words.setAccessibleName(f"{check_words(check.name)}: {_state_words(check.ok)}")
            detail = ElidedLabel(check.detail, mode=Qt.TextElideMode.ElideRight)
            detail.setProperty("role", "danger" if check.ok is False else "muted")
            for column, widget in enumerate((mark, words, detail)):
                self._layout.addWidget(widget, row, column)


def check_words(name: str) -> str:
    """A check's name as people say it."""
    known = {
        "loads": _tr("Loads"),
        "same samples": _tr("Same samples as the run"),
        "no pickles": _tr("No pickled files"),
        "no training images": _tr("No training images"),
        "no paths": _tr("No paths of this computer"),
        "LoRA file": _tr("LoRA file gives the same model"),
    }
    return known.get(name, name)


def _state_words(ok: bool | None) -> str:
    return _tr("not checked yet") if ok is None else _tr("yes") if ok else _tr("no")


def _tr(text: str) -> str:
    return QCoreApplication.translate("CheckList", text)


NAMES = ("loads", "same samples", "no pickles", "no training images", "no paths")
_SYMBOLS = {None: ("unlabeled", "text_muted"), True: ("check", "success"), False: ("close", "danger")}
