"""What is proved about an exported folder before anybody gets it: it loads, it is the run's model, it tells nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DiffusionPipeline
from PIL import Image, UnidentifiedImageError
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from training.checkpoint_layout import PICKLED
from training.errors import first_line
from training.export_privacy import VOCABULARIES, Secrets, texts
from training.families import Condition, DiffusionModel
from training.images import SUFFIXES
from training.plain import draw_plainly, guidance_of
from training.process import FlowMatchingProcess
from training.sampling import images_at_once, sample_images

SEEDS = range(8)
"""Of the samples that are compared, of large images fewer."""
SAMPLING_STEPS = 10
STEPS_OF_LARGE_IMAGES = 4
"""Where fewer than eight images are drawn: a network that large takes seconds for each step on a CPU."""
PICKLE_STARTS = (b"\x80", b"PK\x03\x04")
"""Pickle protocol 2 and later, and the ZIP archive that torch wraps one in."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str


def verify(folder: Path, model: DiffusionModel, device: torch.device, secrets: Secrets) -> list[Check]:
    """Check a complete exported folder against the run's own `model` in memory, with samples drawn on `device`.

    Parameters
    ----------
    model
        Without adapters.
    """
    loaded, loads = _loads(folder, model)
    same = Check("same samples", False, "not loaded")
    if loaded is not None:
        same = _same_samples(loaded, model, device)
    return [loads, same, _no_pickles(folder), _no_images(folder), _no_paths(folder, secrets)]


def _loads(folder: Path, model: DiffusionModel) -> tuple[DiffusionPipeline | None, Check]:
    try:
        loaded = DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    except Exception as error:  # noqa: BLE001  diffusers raises many types on what it cannot load
        return None, Check("loads", False, f"diffusers says: {first_line(error)}")
    name, wanted = type(loaded).__name__, type(model.pipeline).__name__
    if name != wanted:
        return None, Check("loads", False, f"it is a {name}, not a {wanted}")
    size = sum(parameter.numel() for parameter in model.denoiser.parameters())
    return loaded, Check("loads", True, f"{name}, {size:,} parameters in its network")


def _same_samples(loaded: DiffusionPipeline, model: DiffusionModel, device: torch.device) -> Check:
    name = "same samples"
    ours, theirs = _weights(model.pipeline), _weights(loaded)
    different = [key for key in ours if key not in theirs or not torch.equal(ours[key].cpu(), theirs[key].cpu())]
    if different or len(theirs) != len(ours):
        return Check(name, False, f"{len(different)} of {len(ours)} weights differ from the run's")
    seeds = SEEDS[: max(1, images_at_once(model) // 2)]  # guidance doubles a batch
    told = _conditions(model, len(seeds))
    steps = min(SAMPLING_STEPS if len(seeds) == len(SEEDS) else STEPS_OF_LARGE_IMAGES, model.process.length)
    model.denoiser.to(device)
    wanted = sample_images(
        model,
        seeds=seeds,
        steps=steps,
        device=device,
        conditions=told,
        guidance=guidance_of(model),
        batch_size=len(seeds),
    )
    model.denoiser.to("cpu")  # one of the two at a time has to fit a GPU
    model.release()
    drawn = draw_plainly(loaded, model, seeds=seeds, steps=steps, device=device, conditions=told)
    apart = np.abs(drawn.astype(np.int16) - wanted)
    unlike = int((apart > 1).any(axis=(1, 2, 3)).sum())
    if unlike:
        return Check(name, False, f"{unlike} of {len(seeds)} images differ from those that the run's network makes")
    kind = "Euler" if isinstance(model.process, FlowMatchingProcess) else "DDIM"
    many = f"{len(seeds)} image{'' if len(seeds) == 1 else 's'}"
    # diffusers orders some operations differently, and rounding can then tip a value over the edge to the next level.
    tipped = int(np.count_nonzero(apart))
    equal = f"but for {tipped:,} of {apart.size:,} values, by one level of 255" if tipped else "bit for bit"
    return Check(name, True, f"{many} of {steps} {kind} steps, {equal} on {device.type.upper()}")


def _conditions(model: DiffusionModel, count: int) -> list[Condition] | None:
    """Something to draw that any model of the kind can draw, wherever the run's own conditions are by now."""
    if model.conditioning == "none":
        return None
    return ["a photo"] * count if model.conditioning == "caption" else [i % model.classes for i in range(count)]


def _weights(pipeline: DiffusionPipeline) -> Mapping[str, Tensor]:
    """Those of all parts, by "part.name"."""
    parts = {name: part for name, part in pipeline.components.items() if isinstance(part, nn.Module)}
    return {f"{name}.{key}": tensor for name, part in parts.items() for key, tensor in part.state_dict().items()}


def _no_pickles(folder: Path) -> Check:
    files = _files(folder)
    found = [path for path in files if path.suffix in PICKLED or _is_pickle(path)]
    return Check("no pickles", not found, _found(found, folder) or f"{len(files)} files, weights as safetensors")


def _no_images(folder: Path) -> Check:
    found = [path for path in _files(folder) if path.suffix.lower() in SUFFIXES or _is_image(path)]
    return Check("no training images", not found, _found(found, folder) or "no image file of any kind")


def _no_paths(folder: Path, secrets: Secrets) -> Check:
    name = "no paths"
    try:
        for file, text in texts(folder):
            told = secrets.told_by(text, vocabulary=file.name in VOCABULARIES)
            if told is not None:
                return Check(name, False, f"{file.relative_to(folder).as_posix()} tells {told}")
    except ValueError as error:
        return Check(name, False, f"a file is damaged: {first_line(error)}")
    return Check(name, True, "no path, image name, image folder or user name in any text")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.read(8).startswith(PICKLE_STARTS):
            return False
    try:  # a file of safetensors begins with a number, which may look like the beginning of a pickle
        with safe_open(path, "pt"):
            return False
    except (SafetensorError, OSError):
        return True


def _is_image(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def _found(paths: Sequence[Path], folder: Path) -> str:
    return ", ".join(path.relative_to(folder).as_posix() for path in paths)
