"""Unconditional models on latents: LDMPipeline of a VQModel and a UNet2DModel."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import torch
from diffusers import LDMPipeline, UNet2DModel, VQModel
from torch import Tensor, nn

from training.errors import UserError
from training.families import autoencoder
from training.families.model import Conditions, DiffusionModel
from training.families.parts import load_pipeline
from training.process import DiscreteProcess


class LatentModel(DiffusionModel):
    """Rombach et al., 2022, with latents that are quantised only on their way back to an image.

    Raises
    ------
    UserError
        The network, its autoencoder and its scheduler do not fit each other.
    """

    family = "latent"
    encodes = True

    def __init__(self, pipeline: LDMPipeline) -> None:
        config, vq = pipeline.unet.config, pipeline.vqvae
        size, channels, out = config["sample_size"], config["in_channels"], config["out_channels"]
        if not isinstance(vq, VQModel):
            raise UserError(
                f"The autoencoder is a {type(vq).__name__}, and an LDMPipeline needs a VQModel; take another "
                "checkpoint."
            )
        if not isinstance(size, int):
            raise UserError(f"The network's image size is {size}; only models of square images work: take another one.")
        latent = vq.config["vq_embed_dim"] or vq.config["latent_channels"]
        if latent != channels:
            raise UserError(
                f"The autoencoder makes latents of {latent} channels and the network takes {channels}; use the vqvae "
                "folder that came with the checkpoint."
            )
        if out != channels:
            raise UserError(
                f"The network has {out} output channels for {channels} input channels, and this kind of model needs as "
                "many of both; take another checkpoint."
            )
        if config.get("class_embed_type") or config.get("num_class_embeds"):
            raise UserError("The network takes classes, which an LDMPipeline cannot give it; take another checkpoint.")
        self.pipeline, self.denoiser = pipeline, pipeline.unet
        self.process = DiscreteProcess(pipeline.scheduler)
        self.latent_shape = (channels, size, size)
        self.image_size = size * autoencoder.scale_factor(vq)
        self.channels = int(vq.config["in_channels"])

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Load the folder of the pipeline class `name`."""
        return cls(load_pipeline(folder, LDMPipeline, UNet2DModel))

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        vq = self.pipeline.vqvae.to(images.device)
        return vq.encode(images).latents * vq.config["scaling_factor"]

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        vq = self.pipeline.vqvae.to(latents.device)
        return vq.decode(latents / vq.config["scaling_factor"]).sample

    def predict(self, network: nn.Module, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        return network(noisy, timesteps).sample
