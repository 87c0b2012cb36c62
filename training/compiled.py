"""``torch.compile`` as a setting that cannot cost a run: where it fails, the network computes as it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.nn.parallel import DistributedDataParallel

from training.events import EventLog


class Compiled(nn.Module):
    """A network that computes by its compiled form, until that fails.

    Compilation is lazy, and what fails may be any part of it, or of what it made, with any error. So whatever goes
    wrong is tried again without it: if that goes well compilation is to blame, and is given up for good; if it goes
    wrong as well the error is the network's own.

    Parameters
    ----------
    log
        Told once, by a warning, why compilation was given up.
    options
        Of ``torch.compile``.
    """

    def __init__(self, network: nn.Module, log: EventLog, **options: Any) -> None:
        super().__init__()
        self.network = network
        self._log = log
        # Not a submodule: its parameters are the network's.
        self._compiled: list[Any] = [torch.compile(network, **options)]
        self._rehearsed = False

    def forward(self, *arguments: Any, **named: Any) -> Any:
        if not self._compiled:
            return self.network(*arguments, **named)
        try:
            if torch.is_grad_enabled() and not self._rehearsed:
                self._rehearse(*arguments, **named)
            return self._compiled[0](*arguments, **named)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # noqa: BLE001  raised again by the line below where compilation is not to blame
            result = self.network(*arguments, **named)
            self._give_up(error)
            return result

    def _rehearse(self, *arguments: Any, **named: Any) -> None:
        """Compile the backward pass too, which would else be done, and fail, only in the middle of a step."""
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            output: Tensor = self._compiled[0](*arguments, **named)[0]
        trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        torch.autograd.grad(output.float().sum(), trained, allow_unused=True)
        self._rehearsed = True

    def _give_up(self, error: Exception) -> None:
        self._compiled.clear()
        cause = getattr(error, "inner_exception", error)  # torch wraps what a backend raises
        reason = next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
        self._log.emit(
            "warning",
            message=f"The network could not be compiled ({reason.rstrip('.')}), so training goes on without; the "
            "result is the same, a little slower.",
        )


def compiled(network: nn.Module, log: EventLog) -> nn.Module:
    """`network`, to be compiled at its first call; of copies that exchange gradients, what each of them wraps."""
    if isinstance(network, FSDPModule):
        log.emit(
            "warning", message="A network that fsdp spreads over processes is not compiled; training goes on without."
        )
        return network
    if isinstance(network, DistributedDataParallel):
        network.module = Compiled(network.module, log)
        return network
    return Compiled(network, log)
