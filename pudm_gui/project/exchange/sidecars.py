"""Tags in text files beside the images, as tools for training write them: ``beach/1.txt`` for ``beach/1.jpg``.

A file holds all tags of its image, separated by commas or line breaks; an empty one says that it has none. ``1.txt``
belongs to every image ``1.*`` of its folder, ``1.jpg.txt`` to ``1.jpg`` alone. A bracket may be led by "\\". No labels
are read or written, and there is no way to write a comma inside a tag: it becomes a space.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pudm_gui.project.exchange.rows import Problem, Row, is_text
from pudm_gui.project.paths import posix

SUFFIX = ".txt"
LARGEST = 1 << 16
"""Bytes; a larger file is no list of tags."""
_ESCAPED = re.compile(r"\\([()])")
_BETWEEN = re.compile(r"[,\r\n]")


def read(folder: Path, advanced: Callable[[int], object]) -> Iterator[Row | Problem]:
    """A row for each text file below `folder`, whose path has no ending; `advanced` is called with their number."""
    for number, relative in enumerate(text_files(folder), 1):
        advanced(number)
        yield _row(folder, relative)


def text_files(folder: Path) -> Iterator[str]:
    """The text files below `folder`, relative to it, sorted. Hidden ones and links to folders are passed over."""
    pending = [""]
    while pending:
        relative = pending.pop()
        try:
            with os.scandir(folder / relative) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            continue  # what cannot be listed holds nothing that could be read
        prefix = f"{relative}/" if relative else ""
        shown = [entry for entry in entries if not entry.name.startswith(".")]
        yield from (
            posix(prefix + entry.name) for entry in shown if entry.name.lower().endswith(SUFFIX) and entry.is_file()
        )
        pending += [prefix + entry.name for entry in reversed(shown) if entry.is_dir(follow_symlinks=False)]


def _row(folder: Path, relative: str) -> Row | Problem:
    try:
        with (folder / relative).open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        return Problem(relative, f" cannot be read ({error.strerror}); change its permissions or move it away.")
    if len(data) > LARGEST:
        return Problem(relative, " is too long for a list of tags; move it away.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if not is_text(text):
        return Problem(relative, " is not UTF-8 text; save it in UTF-8 and try again.")
    return Row(0, relative[: -len(SUFFIX)], tags=split_tags(text))


def split_tags(text: str) -> tuple[str, ...]:
    return tuple(_ESCAPED.sub(r"\1", tag) for tag in _BETWEEN.split(text))


def join_tags(tags: Iterable[str]) -> str:
    return ", ".join(" ".join(tag.replace(",", " ").split()) for tag in tags)
