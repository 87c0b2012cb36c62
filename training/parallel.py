"""Spreading a network over processes: whole copies (DDP) or parts (FSDP2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.nn.parallel import DistributedDataParallel

from training.ranks import Ranks


def shard(denoiser: nn.Module, apart: Sequence[str], device: torch.device, ranks: Ranks) -> None:
    """Split the parameters of `denoiser`, in place, over all processes (FSDP2), block by block.

    Each block goes to the device when it is split, so that the whole of it need not fit there.

    Parameters
    ----------
    apart
        Names of modules that are gathered by themselves, not with the block that they belong to.
    """
    mesh = init_device_mesh(device.type, (ranks.size,))
    # A block may hold others, which have to be split before it.
    for block in [*map(denoiser.get_submodule, apart), *reversed(blocks(denoiser))]:
        fully_shard(block, mesh=mesh)
    fully_shard(denoiser, mesh=mesh)


def blocks(denoiser: nn.Module) -> list[nn.Module]:
    """The parts of a network that FSDP gathers one after the other."""
    whole = set(getattr(denoiser, "_no_split_modules", None) or ())
    found = [module for module in denoiser.modules() if type(module).__name__ in whole]
    if found:
        return found
    lists = (module for module in denoiser.children() if isinstance(module, nn.ModuleList))
    return [block for blocks in lists for block in blocks]


def replicate(denoiser: nn.Module, device: torch.device) -> DistributedDataParallel:
    """A network whose backward pass averages the gradients of all processes."""
    devices = [device.index] if device.type == "cuda" else None
    copies = DistributedDataParallel(denoiser, device_ids=devices, gradient_as_bucket_view=True)
    # Buffers, such as tables of positions, are the same everywhere and stay so: they are not sent at every step.
    copies.broadcast_buffers = False
    return copies


@contextmanager
def synchronised(network: nn.Module, now: bool) -> Iterator[None]:
    """Forward and backward of whole copies that exchange gradients only if `now`.

    Parts of a network do always, for none of the processes has room for all gradients.
    """
    if isinstance(network, DistributedDataParallel) and not now:
        with network.no_sync():
            yield
        return
    yield


@contextmanager
def between_steps(network: nn.Module) -> Iterator[None]:
    """Let a network compute with weights that are not those of the next step.

    What FSDP gathered for a forward pass without a backward pass it keeps, and would train with.
    """
    try:
        yield
    finally:
        for module in network.modules():
            if isinstance(module, FSDPModule):
                module.reshard()
