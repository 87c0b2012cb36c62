"""One line of a table, CSV or JSON, as a row: the same columns mean the same in both."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pudm_gui.project.exchange.rows import Problem, Row, is_text
from pudm_gui.project.exchange.text_file import NOT_UTF8
from pudm_gui.project.model import Label
from training.errors import UserError

REQUIRED = ("path", "label")
COLUMNS = ("path", "label", "tags", "sha256", "source", "annotator", "when")
"""What an export writes. An import reads all but `source` and `when`, which it gives itself, and passes over others."""

_DIGEST = re.compile("[0-9a-f]{64}").fullmatch


def row_of(line: int, path: str, word: str, tags: tuple[str, ...] | None, annotator: str, sha256: str) -> Row | Problem:
    """Check the values of one line.

    Parameters
    ----------
    word
        The label as written.
    tags
        None where the table has no such column.
    """
    label = _label(word)
    digest = sha256.strip().lower() if sha256 else ""
    wrong = (
        not path
        or isinstance(label, str)
        or (digest and not _DIGEST(digest))
        or not (_is_name(path) and is_text(annotator) and (not tags or _are_texts(tags)))
    )
    if not wrong:
        return Row(line, path, label, tags, " ".join(annotator.split()) if annotator else "", digest)  # type: ignore[arg-type]
    return Problem.at(line, _what_is_wrong(path, word, tags, annotator, label))


def _what_is_wrong(path: str, word: str, tags: tuple[str, ...] | None, annotator: str, label: Label | str) -> str:
    if not path:
        return " has no path; write one or remove the line."
    if not (_is_name(path) and is_text(word) and is_text(annotator) and _are_texts(tags or ())):
        return NOT_UTF8
    if isinstance(label, str):
        return f": {label}"
    return " has something else than 64 hexadecimal digits as sha256; correct it or leave it empty."


@lru_cache(maxsize=10_000)
def _are_texts(tags: tuple[str, ...]) -> bool:
    return all(map(is_text, tags))


def _is_name(path: str) -> bool:
    """Whether a file may be called so: bytes of any kind but NUL."""
    if path.isascii():
        return "\0" not in path
    return not any(char == "\0" or "\ud800" <= char < "\udc80" or "\udcff" < char <= "\udfff" for char in path)


@lru_cache(maxsize=64)
def _label(word: str) -> Label | str:
    try:
        return Label.from_word(word)
    except UserError as error:
        return str(error)


class Exported(NamedTuple):
    """What an export tells of one image."""

    id: int
    root: Path
    relative: str
    """To `root`."""
    ambiguous: bool
    """Whether another image folder has an image of that name."""
    label: Label
    tags: tuple[str, ...]
    sha256: str
    source: str
    annotator: str
    when: str
    """UTC, in ISO 8601; "" where there is no label."""

    @property
    def path(self) -> str:
        """Relative, or absolute where that would not tell it from another."""
        return str(self.root / self.relative) if self.ambiguous else self.relative
