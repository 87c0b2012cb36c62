"""Exporting labels and tags: a table, a folder of images by label, or text files with tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pudm_gui.project.exchange import csv_table, json_lines
from pudm_gui.project.exchange.copies import Copying, new_folder, write_images, write_tags
from pudm_gui.project.exchange.export_rows import ExportRows
from pudm_gui.project.exchange.formats import Format, format_to_write
from pudm_gui.project.exchange.targets import check_folder, check_table
from pudm_gui.project.model import Ids
from pudm_gui.project.project import Project
from training.atomic import atomic_text
from training.errors import UserError


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export has written."""

    written: int
    """Images."""
    left_out: int = 0
    """Images whose file is not there to be copied."""


def export(
    project: Project,
    path: Path,
    format_: Format | None = None,
    *,
    ids: Ids | None = None,
    copying: Copying = "copy",
    progress: Callable[[int, int], object] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportReport:
    """Write images with their labels and tags. The file or folder appears whole or not at all.

    A path in it is relative to its image folder, or absolute where two folders have an image of that name.

    Parameters
    ----------
    format_
        Taken from the name where None.
    ids
        Only these images; where None, all that have a label or tags (for text files: tags).
    copying
        Whether a folder of images gets copies or links.
    progress
        Called with the images so far and their number.

    Raises
    ------
    UserError
        `path` cannot be written, is in the way, or lies where only the program writes or images are.
    CancelledError
        `cancelled` became true; nothing was written.
    """
    path = Path(path).absolute()
    format_ = format_ or format_to_write(path)
    rows = ExportRows(project, ids, tagged_only=format_ == "sidecar", progress=progress, cancelled=cancelled)
    try:
        if format_ in ("csv", "jsonl"):
            check_table(project, path)
            write = csv_table.write if format_ == "csv" else json_lines.write
            with atomic_text(path) as file:
                file.writelines(write(rows))
            return ExportReport(rows.done)
        check_folder(project, path)
        with new_folder(path) as folder:
            written = write_images(rows, folder, copying) if format_ == "folder" else write_tags(project, rows, folder)
        return ExportReport(written, rows.done - written)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror or error}); choose another place.") from error


def export_labels(project: Project, path: Path, format_: Format | None = None) -> int:
    """Write every image that has a label or tags; the number of those written. See `export`."""
    return export(project, path, format_).written
