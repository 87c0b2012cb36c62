"""LoRA (Hu et al., 2022): low-rank updates that are trained in place of a network's own weights."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from torch import nn

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
    model.denoiser.requires_grad_(False)
    config = LoraConfig(
        r=rank,
        lora_alpha=rank if alpha is None else alpha,  # type: ignore[arg-type]
        target_modules=list(model.lora_targets),
        init_lora_weights=True,
    )
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        model.denoiser.add_adapter(config, adapter_name=ADAPTER)


def has_adapters(model: DiffusionModel) -> bool:
    return ADAPTER in getattr(model.denoiser, "peft_config", {})


def merged(model: DiffusionModel) -> DiffusionModel:
    """The same model with its adapters added to plain weights; `model` keeps its own, and shares its frozen parts."""
    network = copy.deepcopy(model.denoiser)
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
    name = _denoiser_name(model)
    weights = convert_state_dict_to_diffusers(get_peft_model_state_dict(model.denoiser, adapter_name=ADAPTER))
    model.pipeline.save_lora_weights(
        folder,
        **{
            f"{name}_lora_layers": {key: value.contiguous() for key, value in weights.items()},
            f"{name}_lora_adapter_metadata": _metadata(model.denoiser),
        },
        safe_serialization=True,
    )


def _metadata(network: nn.Module) -> dict[str, Any]:
    """What the file must say beside the weights: the scale above all."""
    return network.peft_config[ADAPTER].to_dict()  # type: ignore[index, union-attr, operator]


def _denoiser_name(model: DiffusionModel) -> str:
    return next(name for name, part in model.pipeline.components.items() if part is model.denoiser)
