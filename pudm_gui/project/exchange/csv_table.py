"""CSV: ``path,label[,tags][,annotator][,sha256]``, in UTF-8, with the names of the columns in the first line.

Several tags are separated by ";"; a ";" or "\\" inside a tag is led by "\\". Semicolons or tabs may stand in the place
of the commas, as some spreadsheets write them. A cell that a spreadsheet would take for a formula is led by "'".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pudm_gui.project.exchange.record import COLUMNS, REQUIRED, Exported, row_of
from pudm_gui.project.exchange.rows import Problem, Row, UnreadableError
from pudm_gui.project.exchange.text_file import text_of

DELIMITERS = ",;\t"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a cell begins that a spreadsheet would run, or that was made harmless already."""
_TAG = re.compile(r"(?:\\[\\;]|[^;])+")
_ESCAPED = re.compile(r"\\([\\;])")


def read(path: Path, advanced: Callable[[int], object]) -> Iterator[Row | Problem]:
    """The rows of the table at `path`; `advanced` is called with the bytes read so far.

    Raises
    ------
    UserError
        `path` cannot be read.
    UnreadableError
        It is no such table, from some line on.
    """
    with text_of(path, advanced) as text:
        line = 0
        try:
            first = text.readline()
            delimiter = next((sign for sign in DELIMITERS if sign in first), ",")
            header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
            _check(header)
            line = 1
            table = csv.reader(text, delimiter=delimiter)
            columns = _Columns(header)
            for cells in table:
                begins, line = line + 1, table.line_num + 1  # a quoted name may hold line breaks
                if cells:
                    yield columns.row(begins, cells)
        except csv.Error as error:
            reason = f" is not CSV ({error}); correct it and try again."
            raise UnreadableError(line + 1, reason) from error


def _check(header: Sequence[str]) -> None:
    for name in REQUIRED:
        if name not in header:
            reason = f" has no column named {name}; the first line must be path,label or path,label,tags."
            raise UnreadableError(1, reason)


class _Columns:
    """Where each value is."""

    def __init__(self, header: Sequence[str]) -> None:
        self._width = len(header)
        places = {name: place for place, name in reversed(list(enumerate(header)))}
        self._path, self._label = places["path"], places["label"]
        self._tags, self._annotator, self._sha256 = (places.get(name) for name in ("tags", "annotator", "sha256"))

    def row(self, line: int, cells: Sequence[str]) -> Row | Problem:
        if len(cells) < self._width or any(cells[self._width :]):
            words = (
                f" has {len(cells)} columns where the first line names {self._width}; complete it, or quote a value "
                "that has commas."
            )
            return Problem.at(line, words)
        return row_of(
            line,
            original(cells[self._path]),
            cells[self._label],
            None if self._tags is None else split_tags(cells[self._tags]),
            "" if self._annotator is None else original(cells[self._annotator]),
            "" if self._sha256 is None else cells[self._sha256],
        )


def write(rows: Iterable[Exported]) -> Iterator[str]:
    """The lines of a table; they end in CRLF, as RFC 4180 has it."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    writer.writerow(COLUMNS)
    for row in rows:
        tags = harmless(join_tags(row.tags))
        writer.writerow(
            [harmless(row.path), row.label.word, tags, row.sha256, row.source, harmless(row.annotator), row.when]
        )
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()  # the names of the columns, where there is no row


def join_tags(tags: Iterable[str]) -> str:
    return ";".join(tag.replace("\\", "\\\\").replace(";", "\\;") for tag in tags)


@lru_cache(maxsize=10_000)
def split_tags(cell: str) -> tuple[str, ...]:
    """The inverse of `join_tags`, on a cell that may have been made harmless."""
    text = original(cell)
    if "\\" not in text:
        return tuple(text.split(";"))
    return tuple(_ESCAPED.sub(r"\1", tag) for tag in _TAG.findall(text))


def harmless(cell: str) -> str:
    """`cell` so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def original(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
