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

_DIGEST = re.compile("[0-9a-f]{64}")


def row_of(line: int, path: str, word: str, tags: tuple[str, ...] | None, annotator: str, sha256: str) -> Row | Problem:
    """Check the values of one line.

    Parameters
    ----------
    word
        The label as written.
    tags
        None where the table has no such column.
    """
    place = f"line {line}"
    if not path:
        return Problem(place, " has no path; write one or remove the line.")
    if not (_is_name(path) and is_text(word) and is_text(annotator) and (tags is None or all(map(is_text, tags)))):
        return Problem(place, NOT_UTF8)
    label = _label(word)
    if isinstance(label, str):
        return Problem(place, f": {label}")
    digest = sha256.strip().lower()
    if digest and not _DIGEST.fullmatch(digest):
        return Problem(place, " has something else than 64 hexadecimal digits as sha256; correct it or leave it empty.")
    return Row(line, path, label, tags, " ".join(annotator.split()), digest)


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
