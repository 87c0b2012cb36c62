"""Small random changes of images: mirrored, and for the few sensitive ones also shifted and zoomed."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.rows import sent

ZOOM = 1.1
"""Images are zoomed by a factor from 1 / ZOOM to ZOOM."""
SHIFT = 0.06
"""Images are shifted along each side by up to this share of it."""


def augment(images: Tensor, draws: Tensor, *, mirror: bool, moved: Tensor | None) -> Tensor:
    """Change images in place, each as its own draws say.

    Every second image is mirrored, where they may be at all. Those that are moved are resampled bicubically, so that
    they are not told from the rest by their blur, and reflected at the edges.

    Parameters
    ----------
    images
        ``(B, C, H, W)`` float32 in [-1, 1], on any device.
    draws
        ``(B, 4)`` float32 in [0, 1), on the CPU, of which three are used.
    mirror
        Whether images may be mirrored.
    moved
        ``(B,)`` bool, on the CPU: the images to shift and zoom; ``None`` for none.
    """
    if mirror:
        rows = sent((draws[:, 0] < 0.5).nonzero()[:, 0], images.device)
        images[rows] = images[rows].flip(-1)
    if moved is not None and moved.any():
        rows = moved.nonzero()[:, 0]
        transforms = sent(_transforms(draws[rows]), images.device)
        grid = functional.affine_grid(transforms, [len(rows), *images.shape[1:]], False)
        rows = sent(rows, images.device)
        resampled = functional.grid_sample(images[rows], grid, "bicubic", "reflection", False)
        images[rows] = resampled.clamp_(-1, 1)
    return images


def _transforms(draws: Tensor) -> Tensor:
    """``(n, 2, 3)``: from places in the new image to places in the old one, both in [-1, 1]."""
    zoom = torch.exp(math.log(ZOOM) * (2 * (2 * draws[:, 0] % 1) - 1))  # what mirroring leaves of its draw
    shift = 2 * SHIFT * (2 * draws[:, 1:3] - 1)
    return torch.cat([torch.diag_embed(1 / zoom[:, None].expand(-1, 2)), shift[:, :, None]], dim=2)


def variant_draws(variants: NDArray[np.int64], seed: int) -> Tensor:
    """Draws for variants of images that are made once and kept: even numbers are not mirrored, odd ones are.

    Parameters
    ----------
    variants
        ``(n,)`` number of the variant that each row is to be.
    """
    draws = np.random.default_rng(seed).random((len(variants), 4), dtype=np.float32)
    draws[:, 0] = draws[:, 0] / 2 + np.where(variants % 2 == 0, np.float32(0.5), np.float32(0))
    return torch.from_numpy(draws)
