"""What a command shows: its result on stdout, everything else on stderr."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

REDRAW_SECONDS = 0.1
BAR_CELLS = 20
BAD_INPUT = 2
"""Exit code for what a person can put right, the engine's too."""
INTERRUPTED = 130
"""Exit code after Ctrl+C, as shells have it."""


class Console:
    """Results and progress of one command.

    Parameters
    ----------
    as_json
        Give the result as one JSON object instead of text.
    out, err
        Streams, ``sys.stdout`` and ``sys.stderr`` unless given.
    """

    def __init__(self, *, as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.as_json = as_json
        self._out = sys.stdout if out is None else out
        self._err = sys.stderr if err is None else err
        self._redraws = self._err.isatty()
        self._drawn_at = 0.0
        self._line_open = False
        self._what = ""
        self._tenth = -1

    def result(self, document: Mapping[str, Any], text: str) -> None:
        """Give the outcome: `document` to programs, `text` to people."""
        self.end_progress()
        self._out.write((json.dumps(document) if self.as_json else text) + "\n")
        self._out.flush()

    def say(self, sentence: str) -> None:
        self.end_progress()
        self._err.write(sentence + "\n")
        self._err.flush()

    def progress(self, what: str, done: int, total: int, note: str = "") -> None:
        """Show how far `what` is: one line redrawn on a terminal, the next `what` too, elsewhere a line every tenth."""
        if what != self._what:
            self._what, self._tenth, self._drawn_at = what, -1, 0.0
        if self._redraws:
            self._redraw(what, done, total, note)
            return
        tenth = 10 * done // total if total else -1
        if tenth > self._tenth:
            self._tenth = tenth
            self._err.write(_line(what, done, total, note, bar=False) + "\n")
            self._err.flush()

    def end_progress(self) -> None:
        if self._line_open:
            self._err.write("\n")
            self._err.flush()
        self._line_open, self._what = False, ""

    def _redraw(self, what: str, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        if now - self._drawn_at < REDRAW_SECONDS and done != total:
            return
        self._drawn_at = now
        width = shutil.get_terminal_size().columns - 1
        self._err.write(f"\r\x1b[K{_line(what, done, total, note, bar=True)[:width]}")
        self._err.flush()
        self._line_open = True


def _line(what: str, done: int, total: int, note: str, *, bar: bool) -> str:
    if not total:
        return f"{what}  {done:,}" + (f"  {note}" if note else "")
    share = min(done / total, 1.0)
    filled = round(share * BAR_CELLS)
    picture = f"  {'█' * filled}{'░' * (BAR_CELLS - filled)}" if bar else ""
    return f"{what}{picture}  {done:,}/{total:,}" + (f"  {note}" if note else "")


def duration(seconds: float) -> str:
    """Say a time span in the largest sensible unit."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@dataclass(slots=True)
class Interrupts:
    """How often Ctrl+C (or SIGTERM) came."""

    count: int = 0


@contextmanager
def counted_interrupts() -> Iterator[Interrupts]:
    """Count interrupts instead of raising ``KeyboardInterrupt``, so that work can end at a place of its choosing."""
    interrupts = Interrupts()

    def note(_number: int, _frame: object) -> None:
        interrupts.count += 1

    former = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
