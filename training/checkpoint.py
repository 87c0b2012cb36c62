"""Checkpoints of a run: whole folders of safetensors and JSON, written atomically, the last few kept.

    checkpoints/step-00000400/
      model.safetensors      weights; with LoRA those of the adapters
      ema.safetensors        their moving average
      optimizer.safetensors  the optimizer's moments, "<parameter>/<name>"
      state.json             step, seed, precision, and how to make the model that the weights belong to

Where the processes of a run hold parts of the model (FSDP), each of the first three is a folder of shards, which any
number of processes can load. All that a step draws at random follows from the seed and the step (`training.batches`).
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.checkpoint import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.tensor import DTensor

from training.atomic import atomic_folder, write_atomic
from training.ema import Ema
from training.errors import UserError
from training.families import DiffusionModel, rebuild
from training.families import load_model as load_base
from training.runs import RunFolder

Weights = Literal["ema", "raw"]
PARTS: dict[Weights, str] = {"ema": "ema", "raw": "model"}


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """`state.json`."""

    step: int
    seed: int
    precision: str
    micro_batch: int
    ema_updates: int
    recipe: dict[str, Any] | None
    """What the model is made of, where that does not take its base checkpoint (`DiffusionModel.recipe`)."""
    source: str
    config: str
    lora_rank: int
    lora_alpha: float | None
    sharded: bool = False


def save_checkpoint(
    run: RunFolder, state: CheckpointState, denoiser: nn.Module, ema: Ema, optimizer: torch.optim.Optimizer, keep: int
) -> Path:
    """Write the checkpoint of ``state.step`` and delete all but the last `keep`.

    With a sharded model every process has to call this; else only one may.

    Raises
    ------
    UserError
        The disk is full; earlier checkpoints are untouched.
    """
    target = run.checkpoints / f"step-{state.step:08d}"
    weights = denoiser.state_dict()
    if state.lora_rank:
        weights = {name: weights[name] for name in ema.averages}
    tensors = {
        PARTS["raw"]: weights,
        PARTS["ema"]: {**weights, **ema.averages},
        "optimizer": _optimizer_tensors(optimizer, denoiser),
    }
    if state.sharded:
        _write_shards(target, state, tensors)
    else:
        with full_disk_told(f"the checkpoint of step {state.step}"), atomic_folder(target) as folder:
            for part, values in tensors.items():
                save_file(_on_cpu(values), folder / f"{part}.safetensors")
            _write_state(folder, state)
    if not state.sharded or dist.get_rank() == 0:
        for old in list_checkpoints(run)[:-keep]:
            shutil.rmtree(old)
    return target


def list_checkpoints(run: RunFolder) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(path.parent for path in run.checkpoints.glob("step-*/state.json"))


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix("step-"))


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
    """The trained tensors, by the denoiser's names, on the CPU.

    Raises
    ------
    UserError
        A file is missing or damaged.
    """
    return _read(checkpoint, PARTS[which])


def is_finite(checkpoint: Path) -> bool:
    """Whether every weight is a number."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in load_weights(checkpoint, "raw").values())


def load_model(checkpoint: Path, which: Weights = "ema") -> DiffusionModel:
    """The model of a checkpoint, in float32 on the CPU; with LoRA the adapters are on it, not merged.

    Raises
    ------
    UserError
        A file is missing or damaged, or the base checkpoint is needed and gone.
    """
    state = load_state(checkpoint)
    if state.recipe is not None:
        model = rebuild(state.recipe)
    else:
        model = load_base(Path(state.source), Path(state.config) if state.config else None)
    if state.lora_rank:
        from training.lora import add_adapters  # loading peft takes seconds

        add_adapters(model, state.lora_rank, state.lora_alpha)
    _load_into(model.denoiser, load_weights(checkpoint, which), checkpoint, partly=bool(state.lora_rank))
    return model


def restore(checkpoint: Path, denoiser: nn.Module, ema: Ema, optimizer: torch.optim.Optimizer) -> CheckpointState:
    """Load weights, averages and moments in place, of a model that may be spread over processes."""
    state = load_state(checkpoint)
    parameters = dict(denoiser.named_parameters())
    current = denoiser.state_dict()
    shapes = {name: current[name] for name in ema.averages} if state.lora_rank else current
    _load_into(denoiser, _read(checkpoint, PARTS["raw"], shapes), checkpoint, partly=bool(state.lora_rank))
    averages = _read(checkpoint, PARTS["ema"], shapes)
    with torch.no_grad():
        for name, average in ema.averages.items():
            average.copy_(averages[name])
    ema.updates = state.ema_updates
    for key, tensor in _read(checkpoint, "optimizer", parameters).items():
        name, _, field = key.rpartition("/")
        optimizer.state[parameters[name]][field] = _placed(tensor, parameters[name])
    return state


@contextmanager
def full_disk_told(what: str) -> Iterator[None]:
    """A full disk in a sentence, where safetensors, or torch for several processes, made text of the system's error."""
    try:
        yield
    except (SafetensorError, CheckpointException) as error:
        if "No space left" in str(error) or "os error 28" in str(error):
            raise UserError(
                f"The disk is full, so {what} could not be written: free some space and go on; what was saved before "
                "is kept."
            ) from error
        if isinstance(error, CheckpointException):  # no Exception, so that nobody who tells of defects would catch it
            raise RuntimeError(str(error)) from error
        raise


def _write_shards(target: Path, state: CheckpointState, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
    def write(folder: Path) -> None:
        for part, values in tensors.items():
            writer = HuggingFaceStorageWriter(str(folder / part), save_distributed=True)
            with full_disk_told(f"the checkpoint of step {state.step}"):
                dcp.save({name: value.detach() for name, value in values.items()}, storage_writer=writer)

    place = [""]
    if dist.get_rank() != 0:
        dist.broadcast_object_list(place, 0)
        write(Path(place[0]))
        return
    with atomic_folder(target) as folder:
        place[0] = str(folder)
        dist.broadcast_object_list(place, 0)
        write(folder)
        _write_state(folder, state)


def _write_state(folder: Path, state: CheckpointState) -> None:
    write_atomic(folder / "state.json", json.dumps(asdict(state), indent=2) + "\n")


def _read(checkpoint: Path, part: str, like: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
    """Tensors by name, whole, or, where `like` has them spread over processes, as spread there."""
    single, shards = checkpoint / f"{part}.safetensors", checkpoint / part
    try:
        if not shards.is_dir():
            whole = load_file(single)
            return {name: _spread(tensor, (like or {}).get(_parameter(name, part))) for name, tensor in whole.items()}
        reader = HuggingFaceStorageReader(str(shards))
        found = reader.read_metadata().state_dict_metadata
        if not found:
            raise FileNotFoundError(f"{shards} is empty")
        tensors = {name: _empty(metadata, (like or {}).get(_parameter(name, part))) for name, metadata in found.items()}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="torch.distributed is disabled")
            dcp.load(tensors, storage_reader=reader, no_dist=not dist.is_initialized())
        return tensors
    except (OSError, SafetensorError, CheckpointException) as error:
        reason = str(error).strip().splitlines()[-1]  # the last of many, where torch tells of all processes
        raise UserError(
            f"{checkpoint} cannot be read ({reason}); delete that folder to go on from the one before."
        ) from None


def _parameter(name: str, part: str) -> str:
    return name.rpartition("/")[0] if part == "optimizer" else name


def _spread(tensor: Tensor, like: Tensor | None) -> Tensor:
    if not isinstance(like, DTensor) or tensor.shape != like.shape:
        return tensor
    return dist.tensor.distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements)


def _empty(metadata: Any, like: Tensor | None) -> Tensor:
    if isinstance(like, DTensor) and metadata.size == like.shape:
        return torch.zeros_like(like, dtype=metadata.properties.dtype)
    return torch.empty(metadata.size, dtype=metadata.properties.dtype)


def _load_into(denoiser: nn.Module, weights: Mapping[str, Tensor], checkpoint: Path, partly: bool) -> None:
    try:
        problems = denoiser.load_state_dict(weights, strict=not partly)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise UserError(f"{checkpoint} does not fit the model ({reason}); start a new run.") from None
    if problems.unexpected_keys:
        raise UserError(
            f"{checkpoint} does not fit the model (it has no {problems.unexpected_keys[0]}); start a new run."
        )


def _placed(tensor: Tensor, parameter: Tensor) -> Tensor | int:
    """A value of the optimizer's state where and how the optimizer keeps it."""
    if tensor.dim() == 0 and not tensor.is_floating_point():
        return int(tensor)
    placed = tensor.to(parameter.device)
    if placed.shape == parameter.shape and not isinstance(placed, DTensor):
        placed = torch.empty_like(parameter, dtype=placed.dtype).copy_(placed)  # laid out in memory as the parameter is
    return placed


def _optimizer_tensors(optimizer: torch.optim.Optimizer, denoiser: nn.Module) -> dict[str, Tensor]:
    return {
        # bitsandbytes has one map of values for all parameters, and a file no two tensors in one place.
        f"{name}/{field}": value.clone() if field.startswith("qmap") else torch.as_tensor(value)
        for name, parameter in denoiser.named_parameters()
        for field, value in optimizer.state.get(parameter, {}).items()
    }


def _on_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
