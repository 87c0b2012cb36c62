"""A classifier of normal against sensitive images that learns from images of known truth (``--truth``)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

MEMBERS = 3
EPOCHS = 40
STEPS = (300, 1500)
"""Optimizer steps of one member: at least and at most, however many images there are."""
BATCH = 64
SMALLEST, LARGEST = 8, 32
"""Images are scaled to within this many pixels."""
FEATURES = 16
"""Per member."""


class _Network(nn.Module):
    def __init__(self, channels: int, size: int, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        previous = channels
        for index, out in enumerate((width, width, 2 * width, 2 * width)):
            layers += [nn.Conv2d(previous, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            if index == 1 or (index == 0 and size > 16):
                layers.append(nn.MaxPool2d(2))
            previous = out
        layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Dropout(0.3), nn.Linear(2 * width * 16, FEATURES)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(FEATURES, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(images))[:, 0]


class TruthJudge:
    """An ensemble of small convolutional networks, reproducible by its seed.

    Parameters
    ----------
    images
        ``(N, C, H, W)`` uint8.
    sensitive
        ``(N,)`` bool; both kinds must occur.
    seed
        Of weights, order and augmentation.
    progress
        Called with (members trained, members in all).
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        sensitive: NDArray[np.bool_],
        seed: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.size = min(max(images.shape[-1], SMALLEST), LARGEST)
        self.members = []
        for member in range(MEMBERS):
            self.members.append(_fit(self._prepared(images), torch.from_numpy(sensitive), seed * MEMBERS + member))
            if progress is not None:
                progress(member + 1, MEMBERS)

    @torch.inference_mode()
    def probability(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Probability of being sensitive, ``(N,)``, the mean over the members."""
        logits = [torch.cat([net(part) for part in self._parts(images)]) for net in self.members]
        return torch.stack(logits).double().sigmoid().mean(0).numpy()

    def _parts(self, images: NDArray[np.uint8]) -> tuple[Tensor, ...]:
        return self._prepared(images).split(512)

    def _prepared(self, images: NDArray[np.uint8]) -> Tensor:
        floats = torch.from_numpy(images).float() / 127.5 - 1
        if images.shape[-1] == self.size:
            return floats
        return functional.interpolate(
            floats, (self.size, self.size), mode="bilinear", antialias=True, align_corners=False
        )


def _fit(images: Tensor, sensitive: Tensor, seed: int) -> _Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _Network(images.shape[1], images.shape[-1])
        target = sensitive.float()
        # Both kinds weigh the same, however many there are of each; smoothing keeps the outputs from saturating.
        weight = torch.where(sensitive, 0.5 / target.mean(), 0.5 / (1 - target.mean()))
        smooth = target * 0.95 + 0.025
        per_epoch = max(1, len(images) // BATCH)
        steps = min(max(EPOCHS * per_epoch, STEPS[0]), STEPS[1])
        optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
        order = torch.randperm(len(images))
        for step in range(steps):
            start = step % per_epoch * BATCH
            if start == 0:
                order = torch.randperm(len(images))
            chosen = order[start : start + BATCH]
            logits = network(_warped(images[chosen]))
            loss = functional.binary_cross_entropy_with_logits(logits, smooth[chosen], weight[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        return network.eval()


def _warped(images: Tensor, shift: float = 0.125, turn: float = 0.2, zoom: float = 0.1, noise: float = 0.05) -> Tensor:
    """Shift (share of the width), turn (radians), zoom and noise, each drawn anew for every image."""
    count = len(images)

    def uniform(limit: float) -> Tensor:
        return (torch.rand(count) * 2 - 1) * limit

    angle, scale = uniform(turn), 1 + uniform(zoom)
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0] = matrix[:, 1, 1] = scale * angle.cos()
    matrix[:, 1, 0] = scale * angle.sin()
    matrix[:, 0, 1] = -matrix[:, 1, 0]
    matrix[:, 0, 2], matrix[:, 1, 2] = uniform(2 * shift), uniform(2 * shift)
    grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, align_corners=False, padding_mode="border")
    return moved + noise * torch.randn_like(moved)
