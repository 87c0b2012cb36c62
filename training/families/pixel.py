"""Models that work on pixels: DDPM and DDIM pipelines of a UNet2DModel, unconditional or with classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import diffusers
import torch
from diffusers import DDIMPipeline, DDPMPipeline, UNet2DModel
from torch import Tensor, nn

from training.conditions import check_classes
from training.errors import UserError
from training.families.model import Condition, Conditions, DiffusionModel
from training.families.parts import load_pipeline
from training.process import DiscreteProcess

PIPELINES: dict[str, type[DDPMPipeline | DDIMPipeline]] = {"DDPMPipeline": DDPMPipeline, "DDIMPipeline": DDIMPipeline}


class PixelModel(DiffusionModel):
    """A U-Net on pixels. A network that also predicts its variance learns by its mean alone.

    Raises
    ------
    UserError
        The network is of a kind that is not supported, or does not fit its scheduler.
    """

    family = "pixel"

    def __init__(self, pipeline: DDPMPipeline | DDIMPipeline) -> None:
        config = pipeline.unet.config
        size, channels, out = config["sample_size"], config["in_channels"], config["out_channels"]
        if not isinstance(size, int):
            raise UserError(f"The network's image size is {size}; only models of square images work: take another one.")
        if channels not in (1, 3):
            raise UserError(
                f"The network works on {channels} channels and so not on pixels; use a model of grey or colour images."
            )
        learned = str(pipeline.scheduler.config.get("variance_type", "")).startswith("learned")
        if out not in (channels, 2 * channels) or (learned and out != 2 * channels):
            raise UserError(
                f"The network's {out} output channels do not fit its {channels} input channels and its scheduler; take "
                "the scheduler folder that came with the checkpoint."
            )
        self.classes = _class_count(config)
        self.pipeline, self.denoiser = pipeline, pipeline.unet
        self.process = DiscreteProcess(pipeline.scheduler)
        self.conditioning = "class" if self.classes else "none"
        self.image_size, self.channels = size, channels
        self.latent_shape = (channels, size, size)

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Load the folder of the pipeline class `name`."""
        return cls(load_pipeline(folder, PIPELINES[name], UNet2DModel))

    def check_conditions(self, values: Sequence[Condition]) -> None:
        super().check_conditions(values)
        check_classes(values, self.classes)

    def embed(self, values: Sequence[Condition], device: torch.device) -> Conditions:
        return {"class_labels": torch.tensor(values, dtype=torch.int64, device=device)} if self.classes else {}

    def predict(self, network: nn.Module, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        return network(noisy, timesteps, **conditions).sample[:, : self.channels]

    def recipe(self) -> dict[str, Any]:
        scheduler = self.pipeline.scheduler
        return {
            "pipeline": type(self.pipeline).__name__,
            "unet": _plain(self.denoiser.config),
            "scheduler": {"class": type(scheduler).__name__, **_plain(scheduler.config)},
        }

    @classmethod
    def rebuild(cls, recipe: dict[str, Any]) -> Self:
        """The inverse of `recipe`, with weights that are yet to be loaded."""
        scheduler = dict(recipe["scheduler"])
        kind = getattr(diffusers, scheduler.pop("class"))
        unet = UNet2DModel.from_config(recipe["unet"])
        return cls(PIPELINES[recipe["pipeline"]](unet=unet, scheduler=kind.from_config(scheduler)))


def _class_count(config: dict[str, Any]) -> int:
    kind: Literal["timestep", "identity"] | None = config.get("class_embed_type")
    if kind is not None:
        raise UserError(
            f"The network embeds its classes by {kind}, which is not supported; use a model with one embedding a class."
        )
    return int(config.get("num_class_embeds") or 0)


def _plain(config: Any) -> dict[str, Any]:
    return {key: value for key, value in dict(config).items() if not key.startswith("_")}
