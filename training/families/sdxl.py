"""Stable Diffusion XL: two text encoders, and the size of the image as a condition."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from torch import Tensor, nn

from training.errors import UserError
from training.families import autoencoder, older_files
from training.families.captions import check_captions, check_width, fit_limit
from training.families.model import Condition, Conditions, DiffusionModel
from training.families.parts import load_pipeline
from training.families.stable_diffusion import ATTENTION, check_unet
from training.process import DiscreteProcess

SIZES = 6
"""Numbers that say an image's size: original height and width, top and left of its crop, target height and width."""


class SdxlModel(autoencoder.KlLatents, DiffusionModel):
    """Podell et al., 2024. Images count as never cropped, and as large as the model's own.

    Raises
    ------
    UserError
        The network, its autoencoder, its text encoders and its scheduler do not fit each other.
    """

    family = "Stable Diffusion XL"
    conditioning = "caption"
    guidance = 5.0  # diffusers' own
    lora_targets = ATTENTION

    def __init__(self, pipeline: StableDiffusionXLPipeline) -> None:
        unet = pipeline.unet
        size = check_unet(unet, pipeline.vae)
        if unet.config["addition_embed_type"] != "text_time":
            raise UserError(
                "The network takes no image size, so it is not one of Stable Diffusion XL; take the model_index.json "
                "that came with the checkpoint."
            )
        first, second = self.encoders = (pipeline.text_encoder, pipeline.text_encoder_2)
        if first is None or second is None:
            raise UserError(
                "The checkpoint lacks one of the two text encoders of Stable Diffusion XL, as its refiner does; take "
                "the base checkpoint."
            )
        hidden = first.config.hidden_size + second.config.hidden_size
        check_width(hidden, unet.config["cross_attention_dim"], "tokens")
        pooled = unet.config["projection_class_embeddings_input_dim"] - SIZES * unet.config["addition_time_embed_dim"]
        check_width(second.config.projection_dim, pooled, "a caption")
        self.pipeline, self.denoiser = pipeline, unet
        self.process = DiscreteProcess(pipeline.scheduler)
        self.latent_shape = (unet.config["in_channels"], size, size)
        self.image_size = size * autoencoder.scale_factor(pipeline.vae)
        self.channels = int(pipeline.vae.config["in_channels"])
        self.token_limit = min(
            fit_limit(pipeline.tokenizer, first),
            fit_limit(pipeline.tokenizer_2, second),
        )

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Load the folder of the pipeline class `name`."""
        return cls(load_pipeline(folder, StableDiffusionXLPipeline, UNet2DConditionModel))

    @property
    def null_condition(self) -> str:
        return ""

    def check_conditions(self, values: Sequence[Condition]) -> None:
        for tokenizer in (self.pipeline.tokenizer, self.pipeline.tokenizer_2):
            check_captions(values, tokenizer, self.token_limit)

    @torch.no_grad()
    def embed(self, values: Sequence[Condition], device: torch.device) -> Conditions:
        """The conditions as tensors; where the checkpoint says so, an empty caption is zeros, not its embedding."""
        if not values:
            return {}
        for encoder in self.encoders:
            encoder.to(device)
        tokens, _, pooled, _ = self.pipeline.encode_prompt(
            list(values), device=device, do_classifier_free_guidance=False
        )
        if self.pipeline.config["force_zeros_for_empty_prompt"]:
            told = torch.tensor([value != "" for value in values], dtype=tokens.dtype, device=device)
            tokens, pooled = tokens * told[:, None, None], pooled * told[:, None]
        side = float(self.image_size)
        sizes = torch.tensor([side, side, 0.0, 0.0, side, side], device=device).expand(len(values), SIZES)
        return {"encoder_hidden_states": tokens, "text_embeds": pooled, "time_ids": sizes}

    def predict(self, network: nn.Module, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        added = {name: conditions[name] for name in ("text_embeds", "time_ids")}
        tokens = conditions["encoder_hidden_states"]
        return network(noisy, timesteps, encoder_hidden_states=tokens, added_cond_kwargs=added).sample

    def save(self, folder: Path) -> None:
        super().save(folder)
        older_files.rewrite(self.pipeline, folder)
