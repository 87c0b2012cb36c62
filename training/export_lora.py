"""The LoRA file of an export, beside the folder in which the adapters are merged."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch

from training.errors import first_line
from training.export_checks import Check
from training.families import DiffusionModel
from training.lora import merged, save_adapters

TOLERANCE = 1e-5
"""Of merged weights; adding the adapters up in another order rounds in the seventh digit."""


def write_adapters(model: DiffusionModel, folder: Path) -> tuple[DiffusionModel, Check]:
    """Write the adapters of `model`, and prove that the file makes the base model into the merged one.

    Returns
    -------
    The model with its adapters merged; `model` itself is used up.
    """
    save_adapters(model, folder)
    whole = merged(model)
    pipeline, network = model.pipeline, cast("Any", model.denoiser)  # the adapters' methods are diffusers' own
    network.unload_lora()  # the base model again
    try:
        pipeline.load_lora_weights(folder, local_files_only=True, use_safetensors=True)
        network.fuse_lora()
        network.unload_lora()
    except Exception as error:  # noqa: BLE001  diffusers and peft raise many types on what they cannot load
        return whole, Check("LoRA file", False, f"diffusers says: {first_line(error)}")
    ours, theirs = whole.denoiser.state_dict(), network.state_dict()
    unlike = [key for key in ours if not torch.allclose(ours[key], theirs[key], rtol=TOLERANCE, atol=TOLERANCE)]
    if unlike:
        return whole, Check("LoRA file", False, f"on the base model, {len(unlike)} of {len(ours)} weights differ")
    return whole, Check("LoRA file", True, "on the base model it gives the merged weights")
