"""What diffusers itself draws from a folder, to compare ours with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from diffusers import DiffusionPipeline
from numpy.typing import NDArray

from training.families.model import DiffusionModel
from training.sampling import sample_images, seeded_noise

SEEDS = (11, 12)
STEPS = 4


def plain_pipeline(folder: Path, **parts: Any) -> Any:
    """The folder as diffusers loads it, with other `parts` in place of its own."""
    pipeline = DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True, **parts)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def plain_samples(
    pipeline: Any, model: DiffusionModel, captions: Sequence[str], guidance: float, **options: Any
) -> NDArray[np.uint8]:
    """``(B, C, H, W)`` from the noise and with the sampler that `our_samples` uses."""
    pipeline.scheduler = model.process.sampler(STEPS)
    images = pipeline(
        list(captions),
        num_inference_steps=STEPS,
        latents=seeded_noise(SEEDS, model.latent_shape),
        guidance_scale=guidance,
        output_type="pt",
        **options,
    ).images
    return (images * 255).round().byte().numpy()


def our_samples(model: DiffusionModel, captions: Sequence[str], guidance: float | None = None) -> NDArray[np.uint8]:
    return sample_images(
        model,
        seeds=SEEDS,
        steps=STEPS,
        device=next(model.denoiser.parameters()).device,
        conditions=captions,
        guidance=guidance,
    )


def agree(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> bool:
    """Equal to the rounding of a pixel, and not by being empty."""
    return bool(np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1 and ours.std() > 1)
