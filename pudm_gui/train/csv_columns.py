"""Which columns a CSV file has to offer."""

from __future__ import annotations

import csv
from pathlib import Path

from training.errors import UserError

PATH_COLUMN = "path"


def caption_columns(file: Path) -> list[str]:
    """Columns of `file` other than "path".

    Raises
    ------
    UserError
        It cannot be read, or has no column "path", or no other one.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header = [cell.strip() for cell in next(csv.reader(opened), [])]
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{file.name} cannot be read ({error}); choose a CSV file.") from None
    others = [cell for cell in header if cell and cell != PATH_COLUMN]
    if PATH_COLUMN not in header or not others:
        raise UserError(f"{file.name} needs a column named path and one more; its columns are: {', '.join(header)}.")
    return others
