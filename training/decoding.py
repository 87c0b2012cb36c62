"""Decoding the images of a manifest with many threads, a bounded number of them ahead."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from training.errors import UserError
from training.events import EventLog
from training.images import ImageError, ImageInfo, Square, read_info, read_square
from training.progress import Progress
from training.reading import EntryReader
from training.spec import DataSpec

AHEAD = 4
"""Images decoded ahead of the one that is used, for each thread."""
CHECKED_AT_ONCE = 4096
"""Files that are looked for between two progress events."""
LOOKED_AT = 32
"""Images of each root that are looked at before all are read."""
FAR_SMALLER = 4
"""Images that are all smaller than the training size by more than this factor are refused."""

T = TypeVar("T")


def decoder_threads() -> int:
    """This process's share of the machine's processors."""
    return max(1, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def ahead(work: Callable[[int], T], count: int, further: int = 0) -> Generator[T]:
    """What `work` makes of 0 to `count` - 1, in that order, by many threads that are `AHEAD` and `further` ahead."""
    threads = decoder_threads()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    window: deque[Future[T]] = deque()
    try:
        for index in range(count):
            window.append(pool.submit(work, index))
            if len(window) > further + AHEAD * threads:
                yield window.popleft().result()
        while window:
            yield window.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def decode(reader: EntryReader, index: int, data: DataSpec) -> Square | ImageError:
    """One image at training size, or why there is none."""
    try:
        return read_square(reader.source(index), data.image_size, data.channels)
    except ImageError as error:
        return error


def decode_all(reader: EntryReader, data: DataSpec) -> Generator[Square | ImageError]:
    """Every image of the manifest, in its order."""
    return ahead(lambda index: decode(reader, index, data), len(reader.entries))


class Findings:
    """What is wrong with the images of a manifest, as told when all were seen."""

    def __init__(self, reader: EntryReader, data: DataSpec) -> None:
        self._reader, self._data = reader, data
        self._readable = np.zeros(len(reader.entries), dtype=bool)
        self._first: tuple[int, ImageError] | None = None
        self._smaller = 0

    def note(self, index: int, outcome: Square | ImageError) -> None:
        if isinstance(outcome, Square):
            self._readable[index] = True
            self._smaller += outcome.enlarged > 1
        elif self._first is None:
            self._first = index, outcome

    def tell(self, log: EventLog) -> NDArray[np.int64]:
        """Warn of what was found, and return the readable images' lines in the manifest, ``(N,)`` int64.

        Raises
        ------
        UserError
            None is readable.
        """
        total, kept = len(self._readable), np.flatnonzero(self._readable)
        if self._first is not None:
            index, reason = self._first
            path = self._reader.entries[index].path
            if not len(kept):
                raise UserError(
                    f"None of the {total} images can be read, the first of them, {path}, for this reason: {reason}"
                )
            log.emit(
                "warning",
                message=f"{total - len(kept)} of {total} images cannot be read and are left out, the first of them "
                f"{path}: {reason}",
            )
        if self._smaller:
            log.emit("warning", message=smaller_sentence(f"{self._smaller} of {total} images", self._data.image_size))
        return kept


def smaller_sentence(which: str, size: int) -> str:
    return (
        f"{which} are smaller than the training size of {size} × {size} pixels and are scaled up; the model will learn "
        "to make blurred ones too."
    )


def look(reader: EntryReader, data: DataSpec) -> tuple[int, int]:
    """Look at a few images of each root, before time is spent on all of them.

    Returns
    -------
    How many were looked at, and how many of them are smaller than the training size.

    Raises
    ------
    UserError
        All images of a root have gone, or all that were looked at are far smaller than the training size.
    """
    places: dict[str, list[int]] = {}
    for index, entry in enumerate(reader.entries):
        places.setdefault(entry.root, []).append(index)
    seen: list[tuple[int, ImageInfo]] = []
    for root, indices in places.items():
        some = [indices[i] for i in np.linspace(0, len(indices) - 1, min(LOOKED_AT, len(indices))).astype(int)]
        if not any(reader.exists(index) for index in some) and not any(reader.exists(index) for index in indices):
            raise UserError(
                f"None of the {len(indices)} images that the manifest names in {reader.roots[root]} is there any more; "
                "bring them back, or correct data.roots in spec.json."
            )
        seen += [(index, info) for index in some if (info := _info(reader, index)) is not None]
    enlarged = [data.image_size / min(info.width, info.height) for _, info in seen]
    if enlarged and min(enlarged) > FAR_SMALLER:
        index, info = seen[0]
        raise UserError(
            f"The images are far smaller than the training size of {data.image_size} × {data.image_size} pixels "
            f"({reader.entries[index].path} has {info.width} × {info.height}); use larger images, or a model for "
            "smaller ones."
        )
    return len(seen), sum(factor > 1 for factor in enlarged)


def existing(reader: EntryReader, log: EventLog, stopped: Callable[[], bool]) -> NDArray[np.int64]:
    """Lines of the manifest whose image is there, ``(N,)``; warns of the others."""
    total = len(reader.entries)
    there = np.zeros(total, dtype=bool)
    progress = Progress("Looking for images", log, stopped)
    with ThreadPoolExecutor() as pool:
        for start in range(0, total, CHECKED_AT_ONCE):
            part = range(start, min(start + CHECKED_AT_ONCE, total))
            there[part.start : part.stop] = list(pool.map(reader.exists, part))
            progress(part.stop, total)
    gone = np.flatnonzero(~there)
    if len(gone):
        path = reader.entries[int(gone[0])].path
        log.emit(
            "warning",
            message=f"{len(gone)} of {total} images are no longer there and are left out, the first of them {path}.",
        )
    return np.flatnonzero(there)


def _info(reader: EntryReader, index: int) -> ImageInfo | None:
    try:
        return read_info(reader.source(index))
    except ImageError:
        return None
