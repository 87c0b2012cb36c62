"""An exponential moving average of the weights, which samples better than the weights themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor


class Ema:
    """Averages of named parameters, kept apart from the network.

    The decay of update n, counted from 1, is ``min(decay, (1 + n) / (10 + n))``, so that a short run does not hang on
    to its start.

    Parameters
    ----------
    parameters
        By name; the averages start as their copies, and live where they do, also in parts (FSDP).
    decay
        Ceiling of the decay per update.
    """

    def __init__(self, parameters: Mapping[str, Tensor], decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self._parameters = dict(parameters)
        self.averages = {name: parameter.detach().clone() for name, parameter in parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Move the averages towards the parameters."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(_local(self.averages), _local(self._parameters), 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put the averages into the network, and the weights back at the end."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        # In place and one at a time: FSDP and the optimizer hold on to the tensors, and a second copy may not fit.
        for average, parameter in zip(_local(self.averages), _local(self._parameters), strict=True):
            kept = parameter.clone()
            parameter.copy_(average)
            average.copy_(kept)


def _local(tensors: Mapping[str, Tensor]) -> list[Tensor]:
    """Each tensor, or the part of it that this process holds."""
    return [tensor.to_local() if isinstance(tensor, DTensor) else tensor.detach() for tensor in tensors.values()]
