"""EfficientNet-Lite0 (Tan and Le, 2019; Liu, 2020) up to its last convolution, for looking at images alone.

Every batch normalization is folded into the convolution before it, and the padding into the convolution where it is the
same on both sides: with channels last that is about twice as fast (`tests/benchmarks/README.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

EPSILON = 1e-3
"""Of the batch normalizations, as trained."""
STEM, HEAD = 32, 1280


class Stage(NamedTuple):
    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class Block(nn.Module):
    """Expand, look around in each channel, project; added to its input where that has the same shape."""

    def __init__(self, channels: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = channels * stage.expansion
        expand = [] if stage.expansion == 1 else [_convolution(channels, wide)]
        around = _convolution(wide, wide, stage.kernel, stride, groups=wide)
        self.layers = nn.Sequential(*expand, around, _convolution(wide, stage.channels, activated=False))
        self.adds = stride == 1 and channels == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.adds else self.layers(x)


def efficientnet_lite0(state: Mapping[str, Tensor]) -> nn.Sequential:
    """The network with the weights of `state`, by the names that efficientnet_pytorch gave them.

    It takes ``(B, 3, H, W)`` of even height and width, and gives ``(B, 1280, H / 32, W / 32)``.

    Raises
    ------
    ValueError
        They are not those of this network.
    """
    blocks: list[nn.Module] = []
    channels = STEM
    for stage in STAGES:
        for number in range(stage.blocks):
            blocks.append(Block(channels, stage, stage.stride if number == 0 else 1))
            channels = stage.channels
    network = nn.Sequential(_convolution(3, STEM, 3, 2), *blocks, _convolution(channels, HEAD))
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    kernels = [value for name, value in state.items() if name.endswith(".weight") and value.dim() == 4]
    norms = [name.removesuffix(".running_mean") for name in state if name.endswith(".running_mean")]
    for convolution, kernel, norm in zip(convolutions, kernels, norms, strict=True):
        _fold(convolution, kernel, state, norm)
    return network.eval()


def _fold(convolution: nn.Conv2d, kernel: Tensor, state: Mapping[str, Tensor], norm: str) -> None:
    """γ (w ∗ x − μ) / σ + β as one convolution."""
    if convolution.weight.shape != kernel.shape or convolution.bias is None:
        raise ValueError(f"the weights before {norm} have the shape {tuple(kernel.shape)}")
    scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + EPSILON)
    with torch.no_grad():
        convolution.weight.copy_(kernel * scale[:, None, None, None])
        convolution.bias.copy_(state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)


def _convolution(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, activated: bool = True
) -> nn.Sequential:
    layers: list[nn.Module] = []
    if stride == 2:  # TensorFlow's "same" padding of even sides has less before than behind
        before, behind = (kernel - 2) // 2, (kernel - 1) // 2
        layers.append(nn.ZeroPad2d((before, behind, before, behind)))
    padding = 0 if stride == 2 else kernel // 2
    layers.append(nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups))
    if activated:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)
