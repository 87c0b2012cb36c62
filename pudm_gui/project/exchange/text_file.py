"""Opening a text file of any origin so that it can be read line by line, however long it is."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pudm_gui.project.exchange.rows import UnreadableError
from training.errors import UserError

NOT_UTF8 = " is not UTF-8 text; save the table in UTF-8 and try again."
LOOKED_AT = 1 << 16


@contextmanager
def text_of(path: Path, advanced: Callable[[int], object]) -> Iterator[TextIO]:
    """The text of `path`, with line ends as they are and bytes that are no UTF-8 surrogate-escaped.

    Those may be the true name of a file: whether they are is known once it was looked up.

    Raises
    ------
    UserError
        The file cannot be read.
    UnreadableError
        It is in another encoding, such as UTF-16, or no text.
    """
    try:
        raw = _Counting(path, advanced)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); name a table of labels.") from error
    with raw:
        buffer = io.BufferedReader(raw, LOOKED_AT)
        beginning = buffer.peek(LOOKED_AT)
        if beginning.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in beginning:
            raise UnreadableError(1, NOT_UTF8)
        if beginning.startswith(b"\xef\xbb\xbf"):
            buffer.read(3)
        yield io.TextIOWrapper(buffer, "utf-8", "surrogateescape", newline="")


class _Counting(io.FileIO):
    """Tells how many bytes were read, and names the file where reading it fails."""

    def __init__(self, path: Path, advanced: Callable[[int], object]) -> None:
        super().__init__(os.fspath(path), "rb")
        self._advanced, self._read, self._path = advanced, 0, path

    def readinto(self, buffer: object) -> int | None:
        try:
            count = super().readinto(buffer)  # type: ignore[arg-type]
        except OSError as error:  # such as a folder, or a disk that was unplugged
            raise UserError(f"{self._path} cannot be read ({error.strerror}); name a table of labels.") from error
        self._read += count or 0
        self._advanced(self._read)
        return count
