"""Transformers on latents, by class: DiTPipeline of a DiTTransformer2DModel and an AutoencoderKL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from diffusers import DiTPipeline, DiTTransformer2DModel
from diffusers.models.embeddings import LabelEmbedding
from torch import Tensor, nn

from training.conditions import check_classes
from training.errors import UserError
from training.families import autoencoder
from training.families.model import Condition, Conditions, DiffusionModel
from training.families.parts import load_pipeline, read_index
from training.process import DiscreteProcess


class DiTModel(autoencoder.KlLatents, DiffusionModel):
    """Peebles and Xie, 2023. A network that also predicts its variance learns by its mean alone.

    Raises
    ------
    UserError
        The network, its autoencoder and its scheduler do not fit each other.
    """

    family = "diffusion transformer"
    conditioning = "class"
    guidance = 4.0  # diffusers' own
    called_from_outside = ("transformer_blocks.0.norm1.emb",)

    def __init__(self, pipeline: DiTPipeline) -> None:
        config = pipeline.transformer.config
        channels, out = config["in_channels"], config["out_channels"] or config["in_channels"]
        autoencoder.check_fit(pipeline.vae, channels)
        if out not in (channels, 2 * channels):
            raise UserError(
                f"The network has {out} output channels for {channels} input channels, which is neither an image nor "
                "an image and its variance; take another checkpoint."
            )
        self.pipeline, self.denoiser = pipeline, pipeline.transformer
        self.process = DiscreteProcess(pipeline.scheduler)
        self.classes = int(config["num_embeds_ada_norm"])
        size = int(config["sample_size"])
        self.latent_shape = (channels, size, size)
        self.image_size = size * autoencoder.scale_factor(pipeline.vae)
        self.channels = int(pipeline.vae.config["in_channels"])
        # In training, each block of diffusers' drops the class of a tenth of the images on its own. Which images a step
        # shows without their class is the run's setting.
        for module in self.denoiser.modules():
            if isinstance(module, LabelEmbedding):
                module.dropout_prob = 0.0

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Load the folder of the pipeline class `name`."""
        pipeline = load_pipeline(folder, DiTPipeline, DiTTransformer2DModel, "transformer")
        names = read_index(folder).get("id2label")
        if names:
            pipeline.register_to_config(id2label=names)  # diffusers reads the names of classes, but does not save them
        return cls(pipeline)

    @property
    def null_condition(self) -> int:
        """The class behind the last one, which stands for all of them."""
        return self.classes

    def check_conditions(self, values: Sequence[Condition]) -> None:
        check_classes(values, self.classes)

    def embed(self, values: Sequence[Condition], device: torch.device) -> Conditions:
        return {"class_labels": torch.tensor(values, dtype=torch.int64, device=device)}

    def predict(self, network: nn.Module, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        return network(noisy, timestep=timesteps, **conditions).sample[:, : self.latent_shape[0]]
