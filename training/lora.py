"""LoRA (Hu et al., 2022): low-rank updates that are trained in place of a network's own weights.

peft is imported where it is used: it takes seconds to load.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from diffusers.utils import convert_state_dict_to_diffusers

from training.errors import UserError
from training.families.model import DiffusionModel

ADAPTER = "default"


def add_adapters(model: DiffusionModel, rank: int, alpha: float | None = None, seed: int = 0) -> None:
    """Freeze the denoiser and add trainable adapters, which change nothing until they are trained.

    Each adapted layer's weight W becomes W + (alpha / rank) B A, with A random by `seed`, and B zero.

    Parameters
    ----------
    rank
        Rows of A and columns of B.
    alpha
        ``None`` is `rank`, a scale of 1.

    Raises
    ------
    UserError
        LoRA is not supported for the family.
    """
    if not model.lora_targets:
        raise UserError(
            f"LoRA is not supported for {model.family} models; set model.lora_rank to 0, which trains all weights."
        )
    from peft import LoraConfig

    network: Any = model.denoiser
    network.requires_grad_(False)
    config = LoraConfig(r=rank, lora_alpha=alpha or rank, target_modules=list(model.lora_targets))  # type: ignore[arg-type]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        network.add_adapter(config, adapter_name=ADAPTER)


def has_adapters(model: DiffusionModel) -> bool:
    return ADAPTER in getattr(model.denoiser, "peft_config", {})


def merged(model: DiffusionModel) -> DiffusionModel:
    """The same model with its adapters added to plain weights; `model` keeps its own, and shares its frozen parts."""
    network: Any = copy.deepcopy(model.denoiser)
    network.fuse_lora()
    network.unload_lora()
    network.requires_grad_(True)
    pipeline = copy.copy(model.pipeline)
    pipeline.register_modules(**{_denoiser_name(model): network})
    result = copy.copy(model)
    result.pipeline, result.denoiser = pipeline, network
    return result


def save_adapters(model: DiffusionModel, folder: Path) -> None:
    """Write the adapters alone, as the LoRA file that diffusers' ``load_lora_weights(folder)`` takes."""
    from peft.utils import get_peft_model_state_dict

    network: Any = model.denoiser
    weights = get_peft_model_state_dict(network, adapter_name=ADAPTER)
    part = _denoiser_name(model)
    if part == "unet":  # of transformers, diffusers reads peft's names alone
        weights = convert_state_dict_to_diffusers(weights)
    settings = network.peft_config[ADAPTER].to_dict()
    settings["target_modules"] = sorted(settings["target_modules"])
    model.pipeline.save_lora_weights(
        folder,
        **{
            f"{part}_lora_layers": {name: weight.contiguous() for name, weight in weights.items()},
            f"{part}_lora_adapter_metadata": settings,  # without it, loading takes the scale to be 1
        },
        safe_serialization=True,
    )


def _denoiser_name(model: DiffusionModel) -> str:
    return next(name for name, part in model.pipeline.components.items() if part is model.denoiser)
