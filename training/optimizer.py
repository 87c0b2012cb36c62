"""The optimizer of a run: AdamW, fused or with its moments in 8 bits."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

import torch
from torch import nn
from torch.distributed.tensor import DTensor

from training.errors import UserError, first_line
from training.spec import OptimSpec

BLOCK = 256
"""Values that share one scale in bitsandbytes' 8-bit moments."""
SMALLEST_IN_8_BITS = 4096
"""Tensors of fewer values keep float32 moments, also with bitsandbytes."""


def build(parameters: Iterable[nn.Parameter], spec: OptimSpec) -> torch.optim.Optimizer:
    """AdamW over those of `parameters` that require a gradient.

    With "adamw8bit" they become contiguous: bitsandbytes goes through weights, gradients and moments by their place in
    memory, and its moments would not fit weights that change their layout after the first step.

    Raises
    ------
    UserError
        "adamw8bit" without a bitsandbytes that works on the parameters' device, or with FSDP.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if spec.optimizer == "adamw":
        return torch.optim.AdamW(trained, lr=spec.learning_rate, weight_decay=spec.weight_decay, fused=True)
    if any(isinstance(parameter, DTensor) for parameter in trained):
        raise UserError(
            "8-bit Adam does not work on a model that fsdp spreads over processes; set optim.sharding to ddp, or "
            "optim.optimizer to adamw."
        )
    check(spec, trained[0].device)
    for parameter in trained:
        parameter.data = parameter.data.contiguous()
    return _adam_8bit(trained, spec)


def check(spec: OptimSpec, device: torch.device) -> None:
    """Take one step of the spec's optimizer on a parameter of no consequence, where it is not torch's own.

    Raises
    ------
    UserError
        bitsandbytes is not installed, or its 8-bit Adam does not work on `device`.
    """
    if spec.optimizer == "adamw":
        return
    probe = nn.Parameter(torch.zeros(SMALLEST_IN_8_BITS, device=device))
    probe.grad = torch.ones_like(probe)
    try:
        _adam_8bit([probe], spec).step()
    except ImportError:
        raise UserError(
            "8-bit Adam needs the package bitsandbytes, which is not installed; install it (pip install "
            "bitsandbytes), or set optim.optimizer to adamw."
        ) from None
    except (RuntimeError, AttributeError) as error:  # no kernel for the device, or its own library could not be loaded
        raise UserError(
            f"8-bit Adam does not work on this {device.type.upper()} with the installed bitsandbytes "
            f"({first_line(error)}); update the package, or set optim.optimizer to adamw."
        ) from error


def state_bytes(sizes: Iterable[int], optimizer: str) -> int:
    """Memory of the two moments of tensors of `sizes` values each, in bytes."""
    if optimizer == "adamw":
        return sum(8 * size for size in sizes)
    return sum(2 * (size + 4 * -(-size // BLOCK)) if size >= SMALLEST_IN_8_BITS else 8 * size for size in sizes)


def _adam_8bit(parameters: list[nn.Parameter], spec: OptimSpec) -> torch.optim.Optimizer:
    # An optional package: looked up by name, so that it is neither loaded nor missed where it is not asked for.
    adam: type[torch.optim.Optimizer] = import_module("bitsandbytes").optim.AdamW8bit
    return adam(parameters, lr=spec.learning_rate, weight_decay=spec.weight_decay)  # type: ignore[call-arg]
