"""JSON Lines: an object per line, ``{"path": …, "label": …}`` and, where wanted, ``tags`` (a list), ``annotator``,
``sha256``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pudm_gui.project.exchange.record import REQUIRED, Exported, row_of
from pudm_gui.project.exchange.rows import Problem, Row, is_text
from pudm_gui.project.exchange.text_file import NOT_UTF8, text_of

NO_OBJECT = ' is no JSON object; write one such as {"path": "a.png", "label": "sensitive"} per line.'
LONGEST_LINE = 1 << 20
"""Characters; a longer line is no such object, and is not read into memory as one."""


def read(path: Path, advanced: Callable[[int], object]) -> Iterator[Row | Problem]:
    """The rows of the file at `path`; `advanced` is called with the bytes read so far.

    Raises
    ------
    UserError
        `path` cannot be read.
    UnreadableError
        It is in another encoding.
    """
    with text_of(path, advanced) as text:
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and not line.endswith("\n"):
                yield Problem.at(number, " is too long; write one JSON object per line.")
                return
            if not line.isspace():
                yield _row(number, line)


def _row(number: int, line: str) -> Row | Problem:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        if not is_text(line):
            return Problem.at(number, NOT_UTF8)
        return Problem.at(number, NO_OBJECT)
    if not isinstance(values, dict):
        return Problem.at(number, NO_OBJECT)
    return _checked(number, values)


def _checked(number: int, values: dict[str, Any]) -> Row | Problem:
    for name in REQUIRED:
        if name not in values:
            return Problem.at(number, f' has no "{name}"; add it.')
    texts = {name: values.get(name) or "" for name in (*REQUIRED, "annotator", "sha256")}
    for name, value in texts.items():
        if not isinstance(value, str):
            return Problem.at(number, f' has a "{name}" that is no text; put it in quotes.')
    tags = values.get("tags")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        return Problem.at(number, ' has "tags" that are no list of texts; write them such as ["face", "hands"].')
    return row_of(
        number,
        texts["path"],
        texts["label"],
        None if tags is None else tuple(tags),
        texts["annotator"],
        texts["sha256"],
    )


def write(rows: Iterable[Exported]) -> Iterator[str]:
    """The lines of a file."""
    for row in rows:
        values = {
            "path": row.path,
            "label": row.label.word,
            "tags": list(row.tags),
            "sha256": row.sha256,
            "source": row.source,
            "annotator": row.annotator,
            "when": row.when,
        }
        # JSON has no way to write bytes that are no UTF-8 but as escapes.
        line = json.dumps(values, ensure_ascii=False)
        yield (line if is_text(line) else json.dumps(values)) + "\n"
