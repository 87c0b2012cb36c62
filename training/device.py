"""Which device a run uses, and in which precision its network computes there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from training.errors import UserError
from training.spec import RunSpec

Precision = Literal["float32", "bf16"]
BF16_FROM_SIZE = 16
"""On a CPU bf16 pays only where the convolutions are large enough (`tests/benchmarks/README.md`)."""


def pick_device(name: str) -> torch.device:
    """ "auto" is a CUDA device where there is one, else the CPU. Each process of a launcher gets a device of its own.

    Raises
    ------
    UserError
        CUDA was asked for and is not there, or there are fewer devices than processes.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("This machine has no usable CUDA device; use --device cpu, or install the NVIDIA driver.")
    if name != "cuda":
        return torch.device(name)
    index, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if index >= there:
        raise UserError(
            f"There are more processes than GPUs on this machine, which has {there}; start one process for each."
        )
    return torch.device(name, index)


def pick_precision(spec: RunSpec, device: torch.device) -> Precision:
    """Resolve "auto": bf16 autocast where the hardware computes it and it is faster, else float32."""
    if spec.optim.precision != "auto":
        return spec.optim.precision
    if device.type == "cuda":
        return "bf16" if computes_bf16(device) else "float32"
    return "bf16" if computes_bf16(device) and spec.data.image_size >= BF16_FROM_SIZE else "float32"


def computes_bf16(device: torch.device) -> bool:
    """Whether the hardware itself does, rather than by way of float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.ops.mkldnn._is_mkldnn_bf16_supported() and torch.backends.cpu.get_cpu_capability() in (
        "AVX512",
        "AMX",
    )


@contextmanager
def gpu_memory_told(work: str) -> Iterator[None]:
    """Too little memory for `work` that is no training, in a sentence: another run may have it just now.

    Parameters
    ----------
    work
        Such as "draw samples".

    Raises
    ------
    UserError
        The GPU's memory does not suffice.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise UserError(
            f"The GPU has not enough free memory to {work}; close other programs and do it again."
        ) from None


def describe(device: torch.device) -> str:
    """A name for people: "CPU, 2 threads" or the name of the GPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"
