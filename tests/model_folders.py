"""Checkpoints as they lie on a disk: real configurations of every family, with weights of a few numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

CLIP = ["transformers", "CLIPTextModel"]
TOKENIZER = ["transformers", "CLIPTokenizer"]
SCHEDULER = ["diffusers", "DDIMScheduler"]
UNET = ["diffusers", "UNet2DConditionModel"]
VAE = ["diffusers", "AutoencoderKL"]
FOUR_BLOCKS = {"block_out_channels": [128, 256, 512, 512], "in_channels": 3, "latent_channels": 4}
PARAMETERS = 12
"""Numbers in the weights of each network."""


def write_model(folder: Path, pipeline: str, parts: dict[str, Any], configs: dict[str, dict[str, Any]]) -> Path:
    """A diffusers folder with the `parts` of its index, and weights for those that have a configuration."""
    for part, value in parts.items():
        if isinstance(value, list) and value[0] is not None:
            (folder / part).mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": pipeline, **parts}))
    for part, config in configs.items():
        (folder / part / "config.json").write_text(json.dumps(config))
        weights = {"one": np.zeros((2, 4), np.float32), "two": np.zeros(4, np.float32)}
        save_file(weights, folder / part / "diffusion_pytorch_model.safetensors")
    return folder


def pixel_model(folder: Path, image_size: int = 8, channels: int = 1, classes: int | None = None) -> Path:
    config = {"sample_size": image_size, "in_channels": channels, "num_class_embeds": classes}
    parts = {"unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]}
    return write_model(folder, "DDPMPipeline", parts, {"unet": config})


def latent_model(folder: Path) -> Path:
    parts = {"unet": ["diffusers", "UNet2DModel"], "vqvae": ["diffusers", "VQModel"], "scheduler": SCHEDULER}
    vq = {"block_out_channels": [128, 256, 512], "in_channels": 3}
    return write_model(folder, "LDMPipeline", parts, {"unet": {"sample_size": 64, "in_channels": 3}, "vqvae": vq})


def stable_diffusion(folder: Path, sample_size: int = 64) -> Path:
    parts = {
        "unet": UNET,
        "vae": VAE,
        "text_encoder": CLIP,
        "tokenizer": TOKENIZER,
        "scheduler": SCHEDULER,
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "image_encoder": [None, None],
        "requires_safety_checker": True,
    }
    written = write_model(folder, "StableDiffusionPipeline", parts, {"unet": _unet(sample_size), "vae": FOUR_BLOCKS})
    (written / "safety_checker").rmdir()  # many copies come without: nobody needs it
    return written


def stable_diffusion_xl(folder: Path) -> Path:
    two = {"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "tokenizer_2": TOKENIZER}
    parts = {"unet": UNET, "vae": VAE, "text_encoder": CLIP, "tokenizer": TOKENIZER, "scheduler": SCHEDULER, **two}
    return write_model(folder, "StableDiffusionXLPipeline", parts, {"unet": _unet(128), "vae": FOUR_BLOCKS})


def diffusion_transformer(folder: Path) -> Path:
    parts = {"transformer": ["diffusers", "DiTTransformer2DModel"], "vae": VAE, "scheduler": SCHEDULER}
    network = {"sample_size": 32, "in_channels": 4, "out_channels": 8, "num_embeds_ada_norm": 1000}
    names = {"id2label": {"0": "tench, Tinca tinca", "1": "goldfish", "134": "crane", "517": "crane"}}
    return write_model(folder, "DiTPipeline", {**parts, **names}, {"transformer": network, "vae": FOUR_BLOCKS})


def stable_diffusion_3(folder: Path) -> Path:
    parts = {
        "transformer": ["diffusers", "SD3Transformer2DModel"],
        "vae": VAE,
        "text_encoder": CLIP,
        "tokenizer": TOKENIZER,
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder_3": [None, None],
    }
    network = {"sample_size": 128, "in_channels": 16}
    return write_model(folder, "StableDiffusion3Pipeline", parts, {"transformer": network, "vae": FOUR_BLOCKS})


def single_file(file: Path, *, channels: int = 4) -> Path:
    """A Stable Diffusion checkpoint in one file, as far as its tensors' names tell."""
    network, text = "model.diffusion_model.input_blocks.0.0.weight", "cond_stage_model.transformer.embeddings.weight"
    save_file({network: np.zeros((2, channels, 1, 1), np.float32), text: np.zeros(3, np.float32)}, file)
    return file


def _unet(sample_size: int) -> dict[str, Any]:
    return {"sample_size": sample_size, "in_channels": 4, "cross_attention_dim": 768}
