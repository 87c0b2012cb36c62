"""Drawing from a diffusers folder with diffusers alone: what anybody gets who has no PU-DM Studio.

The judge of an export. It shares with `training.sampling` the sampler that a noise process asks for, and nothing of how
a network is called, conditioned and guided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import DDIMPipeline, DDPMPipeline, DiffusionPipeline
from numpy.typing import NDArray
from torch import Tensor

from training.families import Condition, DiffusionModel

NULL_CLASS = 1000
"""What diffusers' own pipeline for classes takes for "no class", however many there are."""


def guidance_of(model: DiffusionModel) -> float:
    """The guidance scale that diffusers can draw with: the family's, or none where its null class is another one."""
    if model.null_condition is None or (model.conditioning == "class" and model.null_condition != NULL_CLASS):
        return 1.0
    return model.guidance


@torch.inference_mode()
def draw_plainly(
    pipeline: DiffusionPipeline,
    model: DiffusionModel,
    *,
    seeds: Sequence[int],
    steps: int,
    device: torch.device,
    conditions: Sequence[Condition] | None,
) -> NDArray[np.uint8]:
    """One image per seed, ``(N, C, H, W)``.

    Parameters
    ----------
    pipeline
        As loaded by diffusers; its scheduler is replaced.
    model
        Tells what the pipeline is to be given; none of its weights are used.
    """
    pipeline.to(device)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = type(model.process)(pipeline.scheduler).sampler(steps)  # type: ignore[call-arg]
    generators = [torch.Generator().manual_seed(int(seed)) for seed in seeds]
    if isinstance(pipeline, DDPMPipeline | DDIMPipeline):
        return _draw_pixels(pipeline, generators, device, conditions)
    arguments: dict[str, Any] = {"batch_size": len(seeds)}
    if model.conditioning == "class":
        arguments = {"class_labels": list(conditions or ()), "guidance_scale": guidance_of(model)}
    elif model.conditioning == "caption":
        size = model.image_size
        arguments = {
            "prompt": list(conditions or ()),
            "guidance_scale": guidance_of(model),
            "height": size,
            "width": size,
        }
    drawn = pipeline(generator=generators, num_inference_steps=steps, output_type="np", **arguments)
    return _pixels(drawn.images)


def _draw_pixels(
    pipeline: DDPMPipeline | DDIMPipeline,
    generators: list[torch.Generator],
    device: torch.device,
    conditions: Sequence[Condition] | None,
) -> NDArray[np.uint8]:
    """diffusers' pipelines on pixels take no class and no learned variance, so network and scheduler are used alone."""
    config = pipeline.unet.config
    shape = (config["in_channels"], config["sample_size"], config["sample_size"])
    images = torch.stack([torch.randn(shape, generator=generator) for generator in generators]).to(device)
    classes = None if conditions is None else torch.tensor(conditions, device=device)
    for timestep in pipeline.scheduler.timesteps:
        output: Tensor = pipeline.unet(images, timestep, class_labels=classes).sample
        images = pipeline.scheduler.step(output[:, : shape[0]], timestep, images).prev_sample
    return _pixels((images / 2 + 0.5).clamp(0, 1).cpu().permute(0, 2, 3, 1).numpy())


def _pixels(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (images * 255).round().astype(np.uint8).transpose(0, 3, 1, 2)
