"""Generating images: deterministic DDIM from noise that each image's own seed fixes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel
from numpy.typing import NDArray
from torch import Tensor


def ddim_scheduler(scheduler: DDPMScheduler | DDIMScheduler) -> DDIMScheduler:
    """DDIM (Song et al., 2021) on the noise schedule of `scheduler`, stepping back from its very last timestep."""
    return DDIMScheduler.from_config(
        {**scheduler.config, "timestep_spacing": "trailing", "set_alpha_to_one": True, "steps_offset": 0}
    )


def seeded_noise(seeds: Sequence[int], shape: tuple[int, int, int]) -> Tensor:
    """Standard normal noise ``(len(seeds), *shape)`` on the CPU, so that an image is the same on every device."""
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(int(seed))) for seed in seeds])


@torch.inference_mode()
def sample_images(
    unet: UNet2DModel,
    scheduler: DDPMScheduler | DDIMScheduler,
    *,
    seeds: Sequence[int],
    steps: int,
    device: torch.device,
    batch_size: int = 128,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint8]:
    """Draw one image per seed with DDIM, η = 0, in float32.

    Parameters
    ----------
    unet
        On `device`; its mode is left as it was.
    steps
        Network evaluations per image.
    progress
        Called with (images done, images in all) after each batch.

    Returns
    -------
    ``(len(seeds), C, H, W)`` uint8.
    """
    sampler = ddim_scheduler(scheduler)
    sampler.set_timesteps(min(steps, sampler.config["num_train_timesteps"]))
    shape = (unet.config["in_channels"], unet.config["sample_size"], unet.config["sample_size"])
    was_training = unet.training
    unet.eval()
    batches = []
    for start in range(0, len(seeds), batch_size):
        images = seeded_noise(seeds[start : start + batch_size], shape).to(device)
        for timestep in sampler.timesteps:
            images = sampler.step(unet(images, timestep.to(device)).sample, timestep, images).prev_sample
        batches.append(to_uint8(images))
        if progress is not None:
            progress(min(start + batch_size, len(seeds)), len(seeds))
    unet.train(was_training)
    return np.concatenate(batches) if batches else np.empty((0, *shape), np.uint8)


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """``(B, C, H, W)`` float in [-1, 1], clipped, to uint8."""
    return (images.clamp(-1, 1).add(1).mul(127.5).round()).to(torch.uint8).cpu().numpy()


def to_network(pixels: Tensor) -> Tensor:
    """``(B, C, H, W)`` uint8 to float32 in [-1, 1]."""
    return pixels.float().div(127.5).sub(1)
