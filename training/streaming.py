"""Images that are decoded as they are needed, for corpora that are not to be prepared on the disk."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.decoding import decode, decoder_threads
from training.errors import UserError
from training.events import EventLog
from training.images import ImageError, Square
from training.reading import EntryReader
from training.spec import DataSpec

IN_A_ROW = 16
"""Images, one after the other, that may be unreadable before that is taken for a lost disk."""


class StreamedImages:
    """Decodes with a pool of threads, one step ahead.

    In place of an image that cannot be read, the next one of the same label is taken: which that is depends on the
    manifest alone, so that runs still repeat.

    Parameters
    ----------
    reader
        Of the manifest.
    kept
        ``(N,)`` int64: the images' lines in it.
    labels
        ``(N,)`` uint8.
    data
        Size and channels.
    log
        Is told of images that cannot be read.
    """

    def __init__(
        self, reader: EntryReader, kept: NDArray[np.int64], labels: NDArray[np.uint8], data: DataSpec, log: EventLog
    ) -> None:
        self._reader, self._kept, self._labels, self._data, self._log = reader, kept, labels, data, log
        self._pool = ThreadPoolExecutor(decoder_threads())
        self._coming: dict[int, Future[Square | ImageError]] = {}
        self._replaced: dict[int, int] = {}

    def gather(self, indices: NDArray[np.int64], device: torch.device) -> Tensor:
        """``(B, C, H, W)`` uint8 on `device`, of `actual(indices)` as it is afterwards.

        Raises
        ------
        UserError
            Many images one after the other cannot be read.
        """
        wanted = self.actual(indices).tolist()
        coming = {index: self._coming.get(index) or self._start(index) for index in dict.fromkeys(wanted)}
        shape = (len(indices), self._data.channels, self._data.image_size, self._data.image_size)
        pixels = torch.empty(shape, dtype=torch.uint8, pin_memory=device.type == "cuda")
        rows = pixels.numpy()
        for row, index in enumerate(wanted):
            outcome = coming[index].result()
            rows[row] = outcome.pixels if isinstance(outcome, Square) else self._replacement(index, outcome)
        for index in coming:
            self._coming.pop(index, None)
        return pixels.to(device, non_blocking=True)

    def prefetch(self, indices: NDArray[np.int64], device: torch.device) -> None:
        """Begin to decode what `gather` will be asked for, all together or in parts. Forgets earlier hints."""
        wanted = dict.fromkeys(self.actual(indices).tolist())
        for index, future in self._coming.items():
            if index not in wanted:
                future.cancel()
        self._coming = {index: self._coming.get(index) or self._start(index) for index in wanted}

    def actual(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """The images that stand for `indices`, as far as is known now."""
        if not self._replaced:
            return indices
        return np.array([self._replaced.get(index, index) for index in indices.tolist()], dtype=np.int64)

    def _start(self, index: int) -> Future[Square | ImageError]:
        return self._pool.submit(decode, self._reader, int(self._kept[index]), self._data)

    def _replacement(self, index: int, reason: ImageError) -> NDArray[np.uint8]:
        same = np.flatnonzero(self._labels == self._labels[index])
        place = int(np.searchsorted(same, index))
        for step in range(1, min(IN_A_ROW, len(same))):
            other = int(same[(place + step) % len(same)])
            outcome = decode(self._reader, int(self._kept[other]), self._data)
            if isinstance(outcome, Square):
                self._replace(index, other, reason)
                return outcome.pixels
        raise UserError(
            f"Too many images cannot be read, {self._path(index)} among them ({reason}); reconnect the disk, or take "
            "damaged images out."
        )

    def _replace(self, index: int, other: int, reason: ImageError) -> None:
        if index in self._replaced:
            return
        stood_for = {first: other for first, second in self._replaced.items() if second == index}
        self._replaced |= {index: other} | stood_for
        count = len(self._replaced)
        if count == 10 ** (len(str(count)) - 1):  # 1, 10, 100 …: a warning each would fill the log
            which = (
                "An image cannot be read, and another" if count == 1 else f"{count} images cannot be read, and others"
            )
            self._log.emit("warning", message=f"{which} will be used instead: {self._path(index)}: {reason}")

    def _path(self, index: int) -> str:
        return self._reader.entries[int(self._kept[index])].path
