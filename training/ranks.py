"""The processes that train one run together: one by itself, or as many as torchrun or accelerate launch started."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from training.errors import UserError

PATIENCE = datetime.timedelta(hours=6)
"""How long a process waits for the others, which may be preparing images or drawing samples."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process's place among `size` processes. Every method but `share` must be called by all of them."""

    rank: int = 0
    size: int = 1

    @property
    def main(self) -> bool:
        """Whether this process is the one that writes events, samples and reports."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """This process's part of `count` images: contiguous, and with the others' all of them."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def largest_share(self, count: int) -> int:
        return -(-count // self.size)

    def gather(self, part: Tensor, count: int) -> Tensor:
        """All processes' parts of ``(count,)`` values, in order."""
        if self.size == 1:
            return part
        whole = part.new_zeros(count)
        whole[self.share(count)] = part
        dist.all_reduce(whole)
        return whole

    def told(self, value: int, device: torch.device) -> int:
        """The main process's `value`."""
        if self.size == 1:
            return value
        box = torch.tensor([value], device=device)
        dist.broadcast(box, 0)
        return int(box.item())

    def least(self, value: int, device: torch.device) -> int:
        """The smallest of all processes' `value`."""
        if self.size == 1:
            return value
        box = torch.tensor([value], device=device)
        dist.all_reduce(box, dist.ReduceOp.MIN)
        return int(box.item())

    def main_first(self, work: Callable[[], Result | None]) -> Result | None:
        """Let the main process do what leaves files for the others, then the others, which find them.

        Returns
        -------
        What `work` did; ``None`` where it did in the main process, without asking the others to work.

        Raises
        ------
        SystemExit
            In the others, when the main process failed and has told why.
        """
        if self.size == 1:
            return work()
        outcome = ["failed"]
        if self.main:
            try:
                result = work()
                outcome = ["nothing" if result is None else "done"]
                return result
            finally:
                dist.broadcast_object_list(outcome, 0)
        dist.broadcast_object_list(outcome, 0)
        if outcome[0] == "failed":
            raise SystemExit(2)
        return work() if outcome[0] == "done" else None

    def require_same(self, what: bytes, sentence: str) -> None:
        """Refuse to go on where the processes do not have the same `what`.

        Raises
        ------
        UserError
            In all processes, with `sentence`.
        """
        if self.size == 1:
            return
        digests: list[Any] = [None] * self.size
        dist.all_gather_object(digests, hashlib.sha256(what).hexdigest())
        if len(set(digests)) > 1:
            raise UserError(sentence)


def join(device: torch.device) -> Ranks:
    """Meet the other processes that the launcher started, if it did."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Ranks()
    if not dist.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(device)  # objects, and pinned memory, go by way of the current one
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=PATIENCE, device_id=device if device.type == "cuda" else None)
    return Ranks(dist.get_rank(), dist.get_world_size())


def leave() -> None:
    """Part from the others, where there are any. It waits for them, so it is not for a process that failed alone."""
    if dist.is_initialized():
        dist.destroy_process_group()
