"""Checkpoints of a run: whole folders of safetensors and JSON, written atomically, the last few kept.

    checkpoints/step-00000400/
      model.safetensors      weights
      ema.safetensors        their moving average
      optimizer.safetensors  AdamW's moments, "<parameter>/<name>", and the random state of torch
      state.json             step, seed, precision, network and scheduler configuration

All that a step draws at random follows from the seed and the step (`training.data.Pool`, `training.loop`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import UNet2DModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.atomic import atomic_folder, write_atomic
from training.errors import UserError
from training.pipelines import SCHEDULERS, PipelineClass, PixelModel
from training.runs import RunFolder

Weights = Literal["ema", "raw"]
FILES: dict[Weights, str] = {"ema": "ema.safetensors", "raw": "model.safetensors"}
RANDOM_STATE = "random_state/cpu"


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """`state.json`."""

    step: int
    seed: int
    precision: str
    pipeline: PipelineClass
    unet_config: dict[str, Any]
    scheduler_class: str
    scheduler_config: dict[str, Any]


def save_checkpoint(
    run: RunFolder,
    state: CheckpointState,
    model: nn.Module,
    ema: nn.Module,
    optimizer: torch.optim.Optimizer,
    keep: int,
) -> Path:
    """Write the checkpoint of ``state.step`` and delete all but the last `keep`.

    Raises
    ------
    UserError
        The disk is full; earlier checkpoints are untouched.
    """
    target = run.checkpoints / f"step-{state.step:08d}"
    run.checkpoints.mkdir(exist_ok=True)
    try:
        with atomic_folder(target) as folder:
            save_file(_contiguous(model.state_dict()), folder / FILES["raw"])
            save_file(_contiguous(ema.state_dict()), folder / FILES["ema"])
            save_file(_optimizer_tensors(optimizer, model), folder / "optimizer.safetensors")
            write_atomic(folder / "state.json", json.dumps(_as_json(state), indent=2) + "\n")
    except SafetensorError as error:  # safetensors wraps the system's error into text
        if "No space left" in str(error) or "os error 28" in str(error):
            raise UserError(
                f"The disk is full, so the checkpoint of step {state.step} could not be written: free some space and "
                "resume the run; the checkpoints before it are kept."
            ) from error
        raise
    for old in list_checkpoints(run)[:-keep]:
        shutil.rmtree(old)
    return target


def list_checkpoints(run: RunFolder) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(path.parent for path in run.checkpoints.glob("step-*/state.json"))


def latest_checkpoint(run: RunFolder) -> Path | None:
    return next(reversed(list_checkpoints(run)), None)


def require_checkpoint(run: RunFolder) -> Path:
    """The latest checkpoint, or ``UserError`` where the run has none yet."""
    checkpoint = latest_checkpoint(run)
    if checkpoint is None:
        raise UserError(f"{run.path.name} has no checkpoint yet; let it train for some steps first.")
    return checkpoint


def load_state(checkpoint: Path) -> CheckpointState:
    try:
        return CheckpointState(**json.loads((checkpoint / "state.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{checkpoint} cannot be read ({error}); delete that folder to go on from the one before."
        ) from None


def load_weights(checkpoint: Path, which: Weights = "ema") -> dict[str, Tensor]:
    """The network's tensors, by diffusers' names.

    Raises
    ------
    UserError
        The file is missing or damaged.
    """
    return _load(checkpoint / FILES[which])


def load_model(checkpoint: Path, which: Weights = "ema") -> PixelModel:
    """Rebuild the network and scheduler of a checkpoint, in float32 on the CPU, without the base model's folder."""
    state = load_state(checkpoint)
    unet = UNet2DModel.from_config(state.unet_config)
    unet.load_state_dict(load_weights(checkpoint, which))
    return PixelModel(unet, SCHEDULERS[state.scheduler_class].from_config(state.scheduler_config), state.pipeline)


def restore(checkpoint: Path, model: nn.Module, ema: nn.Module, optimizer: torch.optim.Optimizer) -> CheckpointState:
    """Load weights, average and moments in place."""
    model.load_state_dict(load_weights(checkpoint, "raw"))
    ema.load_state_dict(load_weights(checkpoint, "ema"))
    tensors = _load(checkpoint / "optimizer.safetensors")
    torch.set_rng_state(tensors.pop(RANDOM_STATE))
    parameters = dict(model.named_parameters())
    for key, tensor in tensors.items():
        name, _, field = key.rpartition("/")
        parameter = parameters[name]
        # The step count stays where fused AdamW wants it; the moments follow the parameter's device and layout.
        placed = tensor.to(parameter.device)
        if field != "step" and parameter.dim() == 4:
            placed = placed.contiguous(memory_format=torch.channels_last)
        optimizer.state[parameter][field] = placed
    return load_state(checkpoint)


def _optimizer_tensors(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    tensors = {RANDOM_STATE: torch.get_rng_state()}
    for name, parameter in model.named_parameters():
        for field, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{name}/{field}"] = value
    return _contiguous(tensors)


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _load(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read ({error}); delete its folder to go on from the one before.") from None


def _as_json(state: CheckpointState) -> dict[str, Any]:
    return {field: getattr(state, field) for field in CheckpointState.__slots__}
