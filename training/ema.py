"""An exponential moving average of the weights, which samples better than the weights themselves."""

from __future__ import annotations

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Tensors = tuple[Tensor, ...] | list[Tensor]


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """A copy of `model` whose ``update_parameters`` moves it towards the model.

    The decay of update n, counted from 1, is ``min(decay, (1 + n) / (10 + n))``, so that a short run does not hang on
    to its start.
    """

    def update(average: Tensors, current: Tensors, n: Tensor | int) -> None:
        count = int(n)
        get_ema_multi_avg_fn(min(decay, (1 + count) / (10 + count)))(average, current, n)

    ema = AveragedModel(model, multi_avg_fn=update)
    ema.n_averaged.fill_(1)  # at 0 torch would copy the model outright, whatever the decay
    ema.requires_grad_(False).eval()
    return ema
