"""U-Nets from scratch, in three sizes."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

from training.families.pixel import PixelModel
from training.spec import NetworkPreset, RunSpec

# Keyword arguments of diffusers' UNet2DModel. "paper" is that of arXiv 2503.03789: attention at the third level.
PRESETS: dict[NetworkPreset, dict[str, Any]] = {
    "small": {
        "block_out_channels": (32, 64, 64),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        "up_block_types": ("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        "norm_num_groups": 16,
        "attention_head_dim": 16,
    },
    "medium": {
        "block_out_channels": (64, 128, 128, 256),
        "layers_per_block": 2,
        "down_block_types": ("DownBlock2D", "DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        "attention_head_dim": 32,
    },
    "paper": {
        "block_out_channels": (128, 128, 256, 512),
        "layers_per_block": 2,
        "down_block_types": ("DownBlock2D", "DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
    },
}


def build_model(spec: RunSpec, classes: int = 0) -> PixelModel:
    """A freshly initialised model of the spec's preset, image size and channels, reproducible by the spec's seed.

    It predicts ε on a linear DDPM noise schedule. With `classes` it is conditioned on as many.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        unet = UNet2DModel(
            sample_size=spec.data.image_size,
            in_channels=spec.data.channels,
            out_channels=spec.data.channels,
            num_class_embeds=classes or None,
            **PRESETS[spec.model.preset],
        )
    scheduler = DDPMScheduler(num_train_timesteps=spec.model.train_timesteps, clip_sample=True)
    return PixelModel(DDPMPipeline(unet=unet, scheduler=scheduler))
