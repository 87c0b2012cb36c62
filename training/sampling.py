"""Generating images with any family: a deterministic sampler from noise that each image's own seed fixes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.errors import UserError
from training.families import Condition, Conditions, DiffusionModel
from training.process import Sampler

LARGEST_BATCH = 128
BATCH_VALUES = LARGEST_BATCH * 3 * 64 * 64
"""Values of the images drawn at once, at most: 128 images of 64 × 64, two of 512 × 512."""


def seeded_noise(seeds: Sequence[int], shape: tuple[int, ...]) -> Tensor:
    """Standard normal noise ``(len(seeds), *shape)`` on the CPU, so that an image is the same on every device."""
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(int(seed))) for seed in seeds])


def images_at_once(model: DiffusionModel) -> int:
    """How many images a network that is not being trained works on at a time."""
    return max(1, min(LARGEST_BATCH, BATCH_VALUES // (model.channels * model.image_size**2)))


@torch.no_grad()  # not inference_mode: a network spread over processes (FSDP) keeps what it gathered for training
def sample_images(
    model: DiffusionModel,
    *,
    seeds: Sequence[int],
    steps: int,
    device: torch.device,
    conditions: Sequence[Condition] | None = None,
    guidance: float | None = None,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint8]:
    """Draw one image per seed, in float32: DDIM with η = 0, or Euler steps for flow matching.

    Parameters
    ----------
    model
        Its denoiser on `device`, in whatever mode; it is left as it was.
    steps
        Noise levels that the sampler visits.
    conditions
        One per seed for a conditional model, else ``None``.
    guidance
        Classifier-free guidance scale (Ho and Salimans, 2021); ``None`` is the family's customary one, 1 is none.
    batch_size
        Images drawn at once; ``None`` is a number that is likely to fit, and fewer where a GPU's memory runs out.
    progress
        Called with (images done, images in all) after each batch.

    Returns
    -------
    ``(len(seeds), C, H, W)`` uint8.

    Raises
    ------
    UserError
        A conditional model without conditions, or conditions that it cannot take.
    """
    if model.conditioning != "none" and conditions is None:
        raise UserError(f"This {model.family} model draws by {model.conditioning}; give one for each image.")
    model.check_conditions(conditions or [])
    scale = model.guidance if guidance is None else guidance
    at_once = batch_size or images_at_once(model)
    was_training = model.denoiser.training
    model.denoiser.eval()
    images = np.empty((len(seeds), model.channels, model.image_size, model.image_size), np.uint8)
    done = 0
    try:
        while done < len(seeds):
            part = slice(done, min(done + at_once, len(seeds)))
            try:
                images[part] = _drawn(model, seeds[part], (conditions or [])[part], steps, scale, device)
                done = part.stop
            except torch.OutOfMemoryError:
                if batch_size is not None or at_once == 1:
                    raise
                at_once = -(-at_once // 2)
            if done != part.stop:
                torch.cuda.empty_cache()  # out here, where the error no longer holds on to what was computed
            elif progress is not None:
                progress(done, len(seeds))
    finally:
        model.denoiser.train(was_training)
    return images


def _drawn(
    model: DiffusionModel,
    seeds: Sequence[int],
    conditions: Sequence[Condition],
    steps: int,
    guidance: float,
    device: torch.device,
) -> NDArray[np.uint8]:
    noise = seeded_noise(seeds, model.latent_shape).to(device)
    embedded = _embed(model, conditions, guidance, device)
    # A sampler of its own, for the state that multi-step ones keep.
    return to_uint8(model.decode(_denoise(model, model.process.sampler(steps), noise, embedded, guidance)))


def _embed(
    model: DiffusionModel, conditions: Sequence[Condition], guidance: float, device: torch.device
) -> tuple[Conditions, bool]:
    """The conditions as tensors, behind as many null ones where the model is to be guided."""
    null = model.null_condition
    guided = bool(conditions) and guidance != 1 and null is not None
    values = [*([null] * len(conditions)), *conditions] if guided and null is not None else list(conditions)
    return model.embed(values, device), guided


def _denoise(
    model: DiffusionModel, sampler: Sampler, noise: Tensor, embedded: tuple[Conditions, bool], guidance: float
) -> Tensor:
    conditions, guided = embedded
    latents = noise
    for timestep in sampler.timesteps:
        doubled = torch.cat([latents, latents]) if guided else latents
        prediction = model.predict(model.denoiser, doubled, timestep.to(noise.device).expand(len(doubled)), conditions)
        if guided:
            without, conditional = prediction.chunk(2)
            prediction = without + guidance * (conditional - without)
        latents = sampler.step(prediction, timestep, latents).prev_sample
    return latents


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """``(B, C, H, W)`` float in [-1, 1], clipped, to uint8."""
    return (images.clamp(-1, 1).add(1).mul(127.5).round()).to(torch.uint8).cpu().numpy()


def to_network(pixels: Tensor) -> Tensor:
    """``(B, C, H, W)`` uint8 to float32 in [-1, 1]."""
    return pixels.float().div(127.5).sub(1)
