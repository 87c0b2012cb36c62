"""The KL autoencoder that latent families share: images to a distribution of latents, and latents back to images.

An image is kept as the mean and the standard deviation of its latent, scaled as the denoiser wants them, so that every
step can draw another latent of the same image without the encoder.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.errors import UserError


def scale_factor(vae: Any) -> int:
    """How many pixels, along one side, a latent's position stands for."""
    return int(2 ** (len(vae.config["block_out_channels"]) - 1))


def check_fit(vae: Any, channels: int) -> None:
    """Refuse an autoencoder whose latents are not what a denoiser of `channels` input channels takes.

    Raises
    ------
    UserError
        It is of another kind, its latents differ in their number of channels, or its images are neither grey nor of
        colour.
    """
    if not isinstance(vae, AutoencoderKL):
        raise UserError(
            f"The autoencoder is a {type(vae).__name__}, and the network was trained with an AutoencoderKL; take "
            "another checkpoint."
        )
    latent, pixels = vae.config["latent_channels"], vae.config["in_channels"]
    if latent != channels:
        raise UserError(
            f"The autoencoder makes latents of {latent} channels and the network takes {channels}; use the vae folder "
            "that came with the checkpoint."
        )
    if pixels not in (1, 3):
        raise UserError(f"The autoencoder takes images of {pixels} channels; use a model of grey or colour images.")


@torch.no_grad()
def encode(vae: AutoencoderKL, images: Tensor) -> Tensor:
    """Mean and standard deviation of the latents, scaled: ``(B, 2 C, h, w)``."""
    spread = vae.to(images.device).encode(images).latent_dist
    scale, shift = vae.config["scaling_factor"], _shift(vae)
    return torch.cat([(spread.mean - shift) * scale, spread.std * scale], dim=1)


def draw(encoded: Tensor, noise: Tensor) -> Tensor:
    """Latents ``(B, C, h, w)`` from what `encode` returned and standard normal `noise` of that shape."""
    mean, deviation = encoded.chunk(2, dim=1)
    return mean + deviation * noise


@torch.no_grad()
def decode(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Images of scaled latents, about in [-1, 1]."""
    return vae.to(latents.device).decode(latents / vae.config["scaling_factor"] + _shift(vae)).sample


def _shift(vae: AutoencoderKL) -> float:
    return float(vae.config.get("shift_factor") or 0.0)


class KlLatents:
    """The part of a `DiffusionModel` that turns images into latents and back, for pipelines with a KL autoencoder."""

    pipeline: Any
    encodes = True

    def encode(self, images: Tensor) -> Tensor:
        return encode(self.pipeline.vae, images)

    def latents(self, encoded: Tensor, noise: Tensor) -> Tensor:
        return draw(encoded, noise)

    def decode(self, latents: Tensor) -> Tensor:
        return decode(self.pipeline.vae, latents)
