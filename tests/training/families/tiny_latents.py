"""Random LDM and DiT pipelines of a few thousand parameters: latents of 8 × 8, images of 16 × 16."""

from __future__ import annotations

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DiTPipeline,
    DiTTransformer2DModel,
    LDMPipeline,
    UNet2DModel,
    VQModel,
)

CLASSES = 1000
"""As ImageNet's: diffusers' own pipeline has the null class 1000 built in."""


def tiny_vq(latent_channels: int = 3, **settings: object) -> VQModel:
    """Images of 16 × 16 to latents of 8 × 8."""
    return VQModel(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=latent_channels,
        num_vq_embeddings=32,
        norm_num_groups=4,
        sample_size=16,
        **settings,
    )


def tiny_ldm(**network: object) -> LDMPipeline:
    torch.manual_seed(0)
    settings = {
        "sample_size": 8,
        "in_channels": 3,
        "out_channels": 3,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
        "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
        "norm_num_groups": 4,
        "attention_head_dim": 8,
    }
    unet = UNet2DModel(**(settings | network))
    return LDMPipeline(tiny_vq(), unet, DDIMScheduler(num_train_timesteps=100, clip_sample=False))


def tiny_vae(latent_channels: int = 4) -> AutoencoderKL:
    """Images of 16 × 16 to latents of 8 × 8."""
    return AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=latent_channels,
        norm_num_groups=4,
        sample_size=16,
    )


def tiny_dit(vae: AutoencoderKL | None = None, **network: object) -> DiTPipeline:
    torch.manual_seed(0)
    settings = {
        "num_attention_heads": 2,
        "attention_head_dim": 4,
        "in_channels": 4,
        "out_channels": 8,
        "num_layers": 2,
        "sample_size": 8,
        "num_embeds_ada_norm": CLASSES,
    }
    transformer = DiTTransformer2DModel(**(settings | network))
    scheduler = DDIMScheduler(num_train_timesteps=100, clip_sample=False)
    return DiTPipeline(transformer, vae or tiny_vae(), scheduler)
