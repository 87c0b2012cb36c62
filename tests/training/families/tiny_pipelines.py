"""Random Stable Diffusion checkpoints of under 100,000 parameters, saved as users have them: 16 × 16 images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    PNDMScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

from tests.training.families.tiny_text import (
    HIDDEN,
    clip_projection_model,
    clip_text_model,
    clip_tokenizer,
    loud,
    t5_model,
    t5_tokenizer,
)

SIDE = 8
"""Of the latents; images are twice as large."""
SCHEDULE: dict[str, Any] = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
POOLED = 8
TIME_DIM = 4
WIDE = 16
"""Hidden size of second text encoders; that of the first is smaller, as in the real ones."""
JOINT = 32
"""Of Stable Diffusion 3: wider than its two CLIP encoders together."""


def vae(channels: int = 4, **settings: Any) -> AutoencoderKL:
    torch.manual_seed(1)
    return AutoencoderKL(
        block_out_channels=(4, 8),
        latent_channels=channels,
        norm_num_groups=2,
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        sample_size=2 * SIDE,
        **settings,
    ).eval()


def unet(**settings: Any) -> UNet2DConditionModel:
    torch.manual_seed(2)
    defaults: dict[str, Any] = {
        "sample_size": SIDE,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "cross_attention_dim": HIDDEN,
        "attention_head_dim": 2,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    }
    return UNet2DConditionModel(**{**defaults, **settings}).eval()


def stable_diffusion(
    folder: Path, *, prediction: str = "epsilon", scheduler: Any = None, autoencoder: Any = None, **network: Any
) -> Path:
    """A folder like that of Stable Diffusion 1.x or, predicting v, 2.x."""
    tokenizer = clip_tokenizer(folder / "tokenizer")
    shared = {**SCHEDULE, "prediction_type": prediction, "steps_offset": 1}
    own = PNDMScheduler(**shared) if prediction == "epsilon" else DDIMScheduler(**shared, clip_sample=False)
    pipeline = StableDiffusionPipeline(
        vae=autoencoder or vae(),
        text_encoder=clip_text_model(tokenizer),
        tokenizer=tokenizer,
        unet=unet(**network),
        scheduler=scheduler or own,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return folder


def sdxl(folder: Path, *, zeros: bool = True, **network: Any) -> Path:
    """A folder like that of Stable Diffusion XL."""
    tokenizer = clip_tokenizer(folder / "tokenizer")
    pipeline = StableDiffusionXLPipeline(
        vae=vae(scaling_factor=0.13025, force_upcast=True),
        text_encoder=clip_text_model(tokenizer, seed=3),
        text_encoder_2=clip_projection_model(tokenizer, POOLED, WIDE, seed=4),
        tokenizer=tokenizer,
        tokenizer_2=clip_tokenizer(folder / "tokenizer_2"),
        unet=unet(
            **{
                "cross_attention_dim": HIDDEN + WIDE,
                "addition_embed_type": "text_time",
                "addition_time_embed_dim": TIME_DIM,
                "projection_class_embeddings_input_dim": POOLED + 6 * TIME_DIM,
                "use_linear_projection": True,
                **network,
            }
        ),
        scheduler=EulerDiscreteScheduler(**SCHEDULE, steps_offset=1),
        force_zeros_for_empty_prompt=zeros,
        add_watermarker=False,
    )
    pipeline.save_pretrained(folder)
    return folder


def sd3(folder: Path, *, t5: bool = True, **scheduler: Any) -> Path:
    """A folder like that of Stable Diffusion 3, with or without T5."""
    tokenizer = clip_tokenizer(folder / "tokenizer")
    third = t5_tokenizer() if t5 else None
    torch.manual_seed(5)
    transformer = SD3Transformer2DModel(
        sample_size=SIDE,
        patch_size=2,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=JOINT,
        caption_projection_dim=16,
        pooled_projection_dim=2 * POOLED,
        pos_embed_max_size=SIDE,
    )
    pipeline = StableDiffusion3Pipeline(
        vae=vae(scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=clip_projection_model(tokenizer, POOLED, seed=6),
        text_encoder_2=clip_projection_model(tokenizer, POOLED, WIDE, seed=7),
        text_encoder_3=t5_model(third, JOINT) if third is not None else None,
        tokenizer=tokenizer,
        tokenizer_2=clip_tokenizer(folder / "tokenizer_2"),
        tokenizer_3=third,
        transformer=loud(transformer),
        scheduler=FlowMatchEulerDiscreteScheduler(**{"shift": 3.0, **scheduler}),
    )
    pipeline.save_pretrained(folder)
    return folder
