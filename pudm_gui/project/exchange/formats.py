"""Which formats there are, and which one a name stands for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from pudm_gui.project.exchange import csv_table, image_folder, json_lines, sidecars
from pudm_gui.project.exchange.rows import Reading
from training.errors import UserError

Format = Literal["csv", "jsonl", "folder", "sidecar"]
FORMATS: tuple[Format, ...] = get_args(Format)
JSON_LINES = (".jsonl", ".ndjson", ".jsonlines")


def format_of(path: Path) -> Format:
    """The format of a file or folder that exists, by its name and what it holds."""
    if not path.is_dir():
        return "jsonl" if path.suffix.lower() in JSON_LINES else "csv"
    if any((path / name).is_dir() for name in image_folder.LABELS):
        return "folder"
    return "sidecar" if any(itertools.islice(sidecars.text_files(path), 1)) else "folder"


def format_to_write(path: Path) -> Format:
    """The format that the name of a new file or folder stands for: a name without an ending is a folder."""
    if path.suffix.lower() in JSON_LINES:
        return "jsonl"
    return "csv" if path.suffix and not path.is_dir() else "folder"


def reading(path: Path, format_: Format, advanced: Callable[[int], object]) -> Reading:
    """The rows of `path`, read as they are asked for.

    Parameters
    ----------
    advanced
        Called with the bytes, or for a folder the files, that were read so far.

    Raises
    ------
    UserError
        A folder is wanted and `path` is none, or the reverse.
    """
    if format_ in ("folder", "sidecar"):
        if not path.is_dir():
            raise UserError(f"{path} is not a folder; choose the folder that holds the files.")
        if format_ == "folder":
            return Reading(image_folder.read(path, advanced), folder=path, adds_tags=True)
        return Reading(sidecars.read(path, advanced), folder=path, stems=True)
    if path.is_dir():
        raise UserError(f"{path} is a folder; choose a table, or read it as a folder of images or tags.")
    read = csv_table.read if format_ == "csv" else json_lines.read
    return Reading(read(path, advanced))
