"""How much memory there is, and how much a step's activations take: measured on steps of one and of two images."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from training.arithmetic import attention
from training.device import Precision
from training.families import Conditions, DiffusionModel
from training.objective import image_losses

CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Activations:
    """Bytes that a forward and backward pass needs on top of weights and gradients."""

    fixed: int
    """Whatever the number of images: bf16 copies of the weights, mostly."""
    per_image: int

    def bytes(self, images: int) -> int:
        return self.fixed + images * self.per_image


def storage_bytes(tensors: Iterable[Tensor], device: torch.device | None = None) -> int:
    """Memory of `tensors`, in bytes, those that share it counted once; of those on `device` alone where given."""
    storages = [tensor.untyped_storage() for tensor in tensors]
    sizes = {
        (storage.device, storage.data_ptr()): storage.nbytes()
        for storage in storages
        if device is None or storage.device.type == device.type
    }
    return sum(sizes.values())


def module_tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def readable(size: int) -> str:
    """Bytes for people: "1.2 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def free_memory(device: torch.device) -> int:
    """Bytes that this process can still take on `device`: what a GPU has free, or its share of the machine's memory,
    which a container may limit and the run's other processes here share.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    available = min([psutil.virtual_memory().available, *_container_limits()])
    return available // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def measure_activations(
    model: DiffusionModel, images: int, device: torch.device, precision: Precision, conditions: Conditions
) -> int:
    """Peak memory, in bytes, of one forward and backward pass beside weights and gradients.

    On a GPU it is the larger of what the allocator says, with what libraries take for themselves, and of the tensors
    counted one by one. Weights, gradients, mode, place and random state
    are left as they were.

    Parameters
    ----------
    images
        Of the pass; they are grey.
    conditions
        Of one image or more; the first stands for all.

    Raises
    ------
    torch.OutOfMemoryError
        The GPU has not enough.
    """
    x0 = torch.zeros(images, *model.latent_shape, device=device)
    positions = torch.arange(images, device=device) % model.process.length
    noisy, timesteps, target = model.process.noised(x0, torch.ones_like(x0), positions)
    repeated = {
        name: value[:1].expand(images, *value.shape[1:]).to(device).contiguous() for name, value in conditions.items()
    }
    with _undisturbed(model.denoiser, device):
        own = [*module_tensors(model.denoiser), *(p.grad for p in model.denoiser.parameters() if p.grad is not None)]
        before = _allocated(device)
        with _LiveTensors(own) as live, attention(device, precision):
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
                prediction = model.predict(model.denoiser, noisy, timesteps, repeated)
            image_losses(prediction, target, "mean").mean().backward()
        if device.type == "cuda":
            return max(live.peak, torch.cuda.max_memory_allocated(device) - before)
        return live.peak


@contextmanager
def _undisturbed(denoiser: nn.Module, device: torch.device) -> Iterator[None]:
    """On `device`, in train mode, and with zero gradients that a backward pass may add to; afterwards all as it was."""
    was_training, home = denoiser.training, next(denoiser.parameters()).device
    gradients = [(parameter, parameter.grad) for parameter in denoiser.parameters() if parameter.requires_grad]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            denoiser.to(device).train()
            for parameter, _ in gradients:
                parameter.grad = torch.zeros_like(parameter)
            yield
        finally:
            for parameter, gradient in gradients:
                parameter.grad = gradient
            denoiser.to(home).train(was_training)
            if device.type == "cuda":
                torch.cuda.empty_cache()


class _LiveTensors(TorchDispatchMode):
    """Counts the bytes of the tensors that operations make, from when they are made until they are freed.

    What autograd saves for the backward pass is among them, and so is what gradient checkpointing makes anew.
    """

    def __init__(self, known: Iterable[Tensor]) -> None:
        super().__init__()
        self.peak = self._now = 0
        # Held, so that no new storage takes the place, and with it the identity, of one of these.
        self._known = [tensor.untyped_storage() for tensor in known]
        self._seen = {storage._cdata for storage in self._known}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._note(leaf.untyped_storage())
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        identity, size = storage._cdata, storage.nbytes()
        if identity in self._seen:
            return
        self._seen.add(identity)
        self._now += size
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._freed, identity, size)

    def _freed(self, identity: int, size: int) -> None:
        self._seen.discard(identity)
        self._now -= size


def _allocated(device: torch.device) -> int:
    if device.type != "cuda":
        return 0
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)


def _container_limits() -> Iterator[int]:
    """What Linux control groups (version 2) still grant: of this process's group and those above it."""
    try:
        groups = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return
    path = next((line.removeprefix("0::/") for line in groups if line.startswith("0::/")), None)
    if path is None:
        return
    for group in (CGROUPS / path, *(CGROUPS / path).parents):
        try:
            limit = (group / "memory.max").read_text("ascii").strip()
            used = int((group / "memory.current").read_text("ascii"))
            statistics = dict(line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())
        except OSError:  # the root, and folders above it, have no such files
            continue
        if limit != "max":
            yield int(limit) - used + int(statistics.get("inactive_file", "0"))
