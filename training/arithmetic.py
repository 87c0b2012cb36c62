"""How a network computes on a device: what is fast there, and as exact."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import checkpoint

from training.device import Precision


def layout(device: torch.device) -> torch.memory_format:
    """How images and convolution weights lie in memory.

    Channels come last on a GPU, whose convolutions want them so. On a CPU the backward pass of a group norm takes up to
    twenty times as long that way (`tests/benchmarks/README.md`).
    """
    return torch.channels_last if device.type == "cuda" else torch.contiguous_format


def attention(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """For forward and backward passes: on a CPU, bf16 networks compute their attention in float32.

    The CPU's bf16 attention takes up to five times as long, backwards, for the few and narrow tokens of small images.
    """
    return _Float32Attention() if device.type == "cpu" and precision == "bf16" else nullcontext()


def enable_gradient_checkpointing(denoiser: Any) -> None:
    """Let a diffusers network compute its activations once more for the backward pass, in the same way as before.

    torch leaves modes such as that of `attention` aside while it runs backward, so the second time enters it again.
    """

    def twice(module: nn.Module, *arguments: Any) -> Any:
        again = lambda: (nullcontext(), _Float32Attention())  # noqa: E731  it acts within the CPU's bf16 autocast alone
        return checkpoint(module.__call__, *arguments, use_reentrant=False, context_fn=again)

    denoiser.enable_gradient_checkpointing(twice)


class _Float32Attention(TorchFunctionMode):
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if func is not functional.scaled_dot_product_attention or not torch.is_autocast_enabled("cpu"):
            return func(*args, **named)
        with torch.autocast("cpu", enabled=False):
            result = func(*map(_exact, args), **{name: _exact(value) for name, value in named.items()})
        return result.to(torch.bfloat16)  # as autocast would have it


def _exact(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.is_floating_point() else value
