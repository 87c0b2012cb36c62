"""Stable Diffusion 1.x and 2.x: a U-Net on latents, by caption; the network predicts ε or v."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor, nn

from training.errors import UserError
from training.families import autoencoder, older_files
from training.families.captions import check_captions, check_width, fit_limit
from training.families.model import Condition, Conditions, DiffusionModel
from training.families.parts import load_pipeline
from training.process import DiscreteProcess

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")


class StableDiffusionModel(autoencoder.KlLatents, DiffusionModel):
    """Rombach et al., 2022.

    Raises
    ------
    UserError
        The network, its autoencoder, its text encoder and its scheduler do not fit each other.
    """

    family = "Stable Diffusion"
    conditioning = "caption"
    guidance = 7.5  # diffusers' own
    lora_targets = ATTENTION

    def __init__(self, pipeline: StableDiffusionPipeline) -> None:
        unet, encoder = pipeline.unet, pipeline.text_encoder
        size = check_unet(unet, pipeline.vae)
        if unet.config["addition_embed_type"] is not None:
            raise UserError(
                "The network takes more than a caption, as that of Stable Diffusion XL does; take the model_index.json "
                "that came with the checkpoint."
            )
        check_width(encoder.config.hidden_size, unet.config["cross_attention_dim"], "tokens")
        self.pipeline, self.denoiser = pipeline, unet
        self.process = DiscreteProcess(pipeline.scheduler)
        self.latent_shape = (unet.config["in_channels"], size, size)
        self.image_size = size * autoencoder.scale_factor(pipeline.vae)
        self.channels = int(pipeline.vae.config["in_channels"])
        self.token_limit = fit_limit(pipeline.tokenizer, encoder)

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Load the folder of the pipeline class `name`."""
        return cls(load_pipeline(folder, StableDiffusionPipeline, UNet2DConditionModel))

    @property
    def null_condition(self) -> str:
        return ""

    def check_conditions(self, values: Sequence[Condition]) -> None:
        check_captions(values, self.pipeline.tokenizer, self.token_limit)

    @torch.no_grad()
    def embed(self, values: Sequence[Condition], device: torch.device) -> Conditions:
        if not values:
            return {}
        self.pipeline.text_encoder.to(device)
        embeddings, _ = self.pipeline.encode_prompt(list(values), device, 1, do_classifier_free_guidance=False)
        return {"encoder_hidden_states": embeddings}

    def predict(self, network: nn.Module, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        return network(noisy, timesteps, **conditions).sample

    def save(self, folder: Path) -> None:
        super().save(folder)
        older_files.rewrite(self.pipeline, folder)


def check_unet(unet: UNet2DConditionModel, vae: Any) -> int:
    """Side of the latents that a caption-conditioned U-Net was trained on.

    Raises
    ------
    UserError
        It takes more than a noisy latent, or does not fit its autoencoder.
    """
    config = unet.config
    size, channels, out = config["sample_size"], config["in_channels"], config["out_channels"]
    if not isinstance(size, int):
        raise UserError(f"The network's latent size is {size}; only models of square images work: take another one.")
    if channels != out:
        raise UserError(
            f"The network takes {channels} channels and gives {out}, as for inpainting or editing; take the checkpoint "
            "that makes images from captions alone."
        )
    autoencoder.check_fit(vae, channels)
    if config["time_cond_proj_dim"] is not None:
        raise UserError(
            "The network was distilled to draw in a few steps, and training by noise level would undo that; take the "
            "checkpoint that it was made from."
        )
    for name in ("class_embed_type", "num_class_embeds", "encoder_hid_dim_type"):
        if config[name] is not None:
            raise UserError(
                f"The network takes more than a caption ({name}), which is not supported; take another one."
            )
    return size
