"""Arrays that grow on disk, row by row, and are memory-mapped once they are whole."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from training.errors import UserError


class RowWriter:
    """Writes an ``.npy`` file whose number of rows need not be known before.

    Rows are written as to any file. A full disk is then an ``OSError``, where writing to a memory-mapped file would end
    the process.

    Parameters
    ----------
    path
        The file to write.
    row
        Shape of a row.
    dtype
        Of the array.
    expected
        Number of rows that will be written, at most; what they need must be free on the disk.

    Raises
    ------
    UserError
        It is not.
    """

    def __init__(self, path: Path, row: tuple[int, ...], dtype: DTypeLike, expected: int) -> None:
        self._row, self._dtype, self.rows = row, np.dtype(dtype), 0
        needed = expected * math.prod(row) * self._dtype.itemsize
        free = shutil.disk_usage(path.parent).free
        if needed > free:
            raise UserError(
                f"Preparing the images takes {_gigabytes(needed)}, and the disk that holds {path.parent.parent} has "
                f"{_gigabytes(free)} free: free some space and go on, or set data.cache to none."
            )
        self._file = path.open("w+b")
        self._write_header()

    def append(self, rows: NDArray[Any]) -> None:
        """Write ``(n, *row)`` values."""
        self._file.write(np.ascontiguousarray(rows, dtype=self._dtype).data)
        self.rows += len(rows)

    def close(self) -> None:
        """Write how many rows there are."""
        with self._file:
            self._write_header()

    def _write_header(self) -> None:
        # numpy leaves room for the number of rows to grow, so that the header keeps its length.
        description = {"descr": self._dtype.str, "fortran_order": False, "shape": (self.rows, *self._row)}
        self._file.seek(0)
        np.lib.format.write_array_header_1_0(self._file, description)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_rows(path: Path) -> NDArray[Any]:
    """The whole of what `RowWriter` wrote, read-only and memory-mapped where it is not empty."""
    array = np.load(path, mmap_mode=None if path.stat().st_size < 4096 else "r")
    array.flags.writeable = False
    return array


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
