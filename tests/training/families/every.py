"""One tiny checkpoint of each family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from tests.training.builders import tiny_model
from tests.training.families.tiny_latents import tiny_dit, tiny_ldm
from tests.training.families.tiny_pipelines import sd3, sdxl, stable_diffusion


def _pixels(folder: Path, **settings: object) -> Path:
    torch.manual_seed(0)
    return tiny_model(folder, **settings)  # type: ignore[arg-type]


def _ldm(folder: Path) -> Path:
    tiny_ldm().save_pretrained(folder)
    return folder


def _dit(folder: Path, **network: object) -> Path:
    tiny_dit(**network).save_pretrained(folder)  # type: ignore[arg-type]
    return folder


CHECKPOINTS: dict[str, Callable[[Path], Path]] = {
    "pixels": _pixels,
    "pixels by class": lambda folder: _pixels(folder, classes=3),
    "pixels and their variance": lambda folder: _pixels(folder, variance_type="learned_range"),
    "LDM": _ldm,
    "DiT": _dit,
    "DiT of few classes": lambda folder: _dit(folder, num_embeds_ada_norm=5, out_channels=4),
    "SD": stable_diffusion,
    "SD, v-prediction": lambda folder: stable_diffusion(folder, prediction="v_prediction"),
    "SDXL": sdxl,
    "SD3": sd3,
}
"""Builders that save one into a new folder."""
