"""Rows of a memory-mapped array, as tensors on the device that trains."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

COPIED_AT_ONCE = 1 << 28
"""Bytes."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """Rows on their way to a GPU."""

    rows: NDArray[np.int64]
    tensor: Tensor
    arrived: torch.cuda.Event


class Rows:
    """A large array of which a step needs a few rows.

    On the CPU they are copied out of the array, once. On a GPU the whole array is kept where it takes no more than a
    share of the free memory; else rows are collected in pinned memory and copied while the step before computes.

    Parameters
    ----------
    array
        ``(N, ...)``.
    share
        Of a GPU's free memory that the array may take.
    """

    def __init__(self, array: NDArray[Any], share: float) -> None:
        self.array, self._share = array, share
        self._resident: Tensor | None = None
        self._decided: torch.device | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._coming: Future[_Sent] | None = None
        self._stream: torch.cuda.Stream | None = None

    def gather(self, rows: NDArray[np.int64], device: torch.device) -> Tensor:
        """``(len(rows), ...)`` of the array's type, a new tensor."""
        if device.type != "cuda":
            return torch.from_numpy(self.array[rows]).to(device)
        device = _numbered(device)
        resident = self._on(device)
        if resident is not None:
            return resident.index_select(0, sent(torch.from_numpy(rows), device))
        hint, self._coming = self._coming, None
        coming = None if hint is None else hint.result()
        found = None if coming is None else places(coming.rows, rows)
        if coming is None or found is None:
            coming, found = self._send(rows, device), np.arange(len(rows))
        stream = torch.cuda.current_stream(device)
        stream.wait_event(coming.arrived)
        coming.tensor.record_stream(stream)
        if len(found) < len(coming.rows):
            self._coming = hint  # the rest of these rows may be asked for next
        if np.array_equal(found, np.arange(len(coming.rows))):
            return coming.tensor
        return coming.tensor.index_select(0, sent(torch.from_numpy(found), device))

    def prefetch(self, rows: NDArray[np.int64], device: torch.device) -> None:
        """Begin to copy rows that `gather` will be asked for, all together or in parts. Forgets earlier hints."""
        if device.type != "cuda":
            return
        device = _numbered(device)  # "the current one" is another in a thread
        if self._on(device) is not None:
            return
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1)
        self._coming = self._worker.submit(self._send, rows, device)

    def _send(self, rows: NDArray[np.int64], device: torch.device) -> _Sent:
        with torch.cuda.device(device):
            if self._stream is None:
                self._stream = torch.cuda.Stream(device)
            pinned = torch.from_numpy(self.array[rows]).pin_memory()
            with torch.cuda.stream(self._stream):
                tensor = pinned.to(device, non_blocking=True)
                arrived = torch.cuda.Event()
                arrived.record(self._stream)
        return _Sent(rows, tensor, arrived)

    def _on(self, device: torch.device) -> Tensor | None:
        """The whole array on `device`, where it fits."""
        if self._decided == device:
            return self._resident
        self._decided, self._resident = device, None
        if self.array.nbytes <= self._share * torch.cuda.mem_get_info(device)[0]:
            self._resident = copied(self.array, device)
        return self._resident


def sent(values: Tensor, device: torch.device) -> Tensor:
    """A few numbers on `device`, without waiting for what a GPU still computes."""
    return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values.to(device)


def _numbered(device: torch.device) -> torch.device:
    return device if device.index is not None else torch.device("cuda", torch.cuda.current_device())


def copied(array: NDArray[Any], device: torch.device) -> Tensor:
    """All of `array` on `device`, copied in parts, so that a memory-mapped one need not fit into memory."""
    empty = torch.from_numpy(np.empty(0, array.dtype)).dtype
    whole = torch.empty(array.shape, dtype=empty, device=device)
    step = max(1, COPIED_AT_ONCE // max(array[:1].nbytes, 1))
    for start in range(0, len(array), step):
        whole[start : start + step] = torch.from_numpy(np.array(array[start : start + step])).to(device)
    return whole


def places(among: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Where in `among` each of `wanted` is, or ``None`` if not all of them are."""
    if not len(among):
        return None
    order = np.argsort(among, kind="stable")
    found = order[np.searchsorted(among, wanted, sorter=order).clip(max=len(among) - 1)]
    return found if np.array_equal(among[found], wanted) else None
