"""Stable Diffusion 3 and 3.5: a transformer on latents that learned to match a flow, by caption."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from diffusers import SD3Transformer2DModel, StableDiffusion3Pipeline
from torch import Tensor, nn

from training.checkpoint_layout import T5
from training.errors import UserError
from training.families import autoencoder, older_files
from training.families.captions import check_captions, check_width, fit_limit
from training.families.model import Condition, Conditions, DiffusionModel
from training.families.parts import load_pipeline
from training.families.stable_diffusion import ATTENTION
from training.process import FlowMatchingProcess

T5_LIMIT = 256
"""Tokens that the T5 encoder reads; diffusers' own."""


class Sd3Model(autoencoder.KlLatents, DiffusionModel):
    """Esser et al., 2024.

    Raises
    ------
    UserError
        The network, its autoencoder, its text encoders and its scheduler do not fit each other.
    """

    family = "Stable Diffusion 3"
    conditioning = "caption"
    guidance = 7.0  # diffusers' own
    lora_targets = (*ATTENTION, "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")

    def __init__(self, pipeline: StableDiffusion3Pipeline) -> None:
        config, scheduler = pipeline.transformer.config, pipeline.scheduler
        size, channels = config["sample_size"], config["in_channels"]
        autoencoder.check_fit(pipeline.vae, channels)
        if (config["out_channels"] or channels) != channels:
            raise UserError(
                f"The network takes {channels} channels and gives {config['out_channels']}; take the checkpoint that "
                "makes images from captions alone."
            )
        if scheduler.config.get("use_dynamic_shifting"):
            raise UserError(
                "The scheduler shifts its noise levels by the size of each image, which is not supported; take the "
                "scheduler folder that came with the checkpoint."
            )
        first, second = pipeline.text_encoder, pipeline.text_encoder_2
        if first is None or second is None:
            raise UserError(
                "The checkpoint lacks one of its two CLIP text encoders, without which the network cannot work; copy "
                "text_encoder and text_encoder_2 from where it came from."
            )
        pooled = first.config.projection_dim + second.config.projection_dim
        check_width(pooled, config["pooled_projection_dim"], "a caption")
        hidden, wanted = first.config.hidden_size + second.config.hidden_size, config["joint_attention_dim"]
        check_width(max(hidden, wanted), wanted, "tokens")  # narrower ones are padded
        if pipeline.text_encoder_3 is not None:
            check_width(pipeline.text_encoder_3.config.d_model, wanted, "tokens")
        self.encoders = [part for part in (first, second, pipeline.text_encoder_3) if part is not None]
        self.pipeline, self.denoiser = pipeline, pipeline.transformer
        self.process = FlowMatchingProcess(scheduler)
        self.latent_shape = (channels, size, size)
        self.image_size = size * autoencoder.scale_factor(pipeline.vae)
        self.channels = int(pipeline.vae.config["in_channels"])
        self.token_limit = min(fit_limit(pipeline.tokenizer, first), fit_limit(pipeline.tokenizer_2, second))
        pipeline.tokenizer_max_length = self.token_limit

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Load the folder of the pipeline class `name`; without T5 where its folder has been removed."""
        absent = () if (folder / T5[0]).is_dir() else T5
        return cls(load_pipeline(folder, StableDiffusion3Pipeline, SD3Transformer2DModel, "transformer", absent))

    @property
    def null_condition(self) -> str:
        return ""

    def check_conditions(self, values: Sequence[Condition]) -> None:
        for tokenizer in (self.pipeline.tokenizer, self.pipeline.tokenizer_2):
            check_captions(values, tokenizer, self.token_limit)
        if self.pipeline.text_encoder_3 is not None:
            check_captions(values, self.pipeline.tokenizer_3, T5_LIMIT)

    @torch.no_grad()
    def embed(self, values: Sequence[Condition], device: torch.device) -> Conditions:
        if not values:
            return {}
        for encoder in self.encoders:
            encoder.to(device)
        captions = list(values)
        tokens, _, pooled, _ = self.pipeline.encode_prompt(
            captions, captions, captions, device=device, do_classifier_free_guidance=False, max_sequence_length=T5_LIMIT
        )
        return {"encoder_hidden_states": tokens, "pooled_projections": pooled}

    def predict(self, network: nn.Module, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        return network(noisy, timestep=timesteps, **conditions).sample

    def save(self, folder: Path) -> None:
        super().save(folder)
        older_files.rewrite(self.pipeline, folder)
