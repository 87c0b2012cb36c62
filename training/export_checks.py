"""What is proved about an exported folder before anybody gets it: it loads, it is the run's model, it tells nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMPipeline, DiffusionPipeline
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from training.export_privacy import Secrets, texts
from training.images import SUFFIXES
from training.pipelines import PICKLED, PIPELINES, PixelModel
from training.sampling import ddim_scheduler, sample_images

SEEDS = range(8)
SAMPLING_STEPS = 10
PICKLE_STARTS = (b"\x80", b"PK\x03\x04")
"""Pickle protocol 2 and later, and the ZIP archive that torch wraps one in."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str


def verify(folder: Path, model: PixelModel, device: torch.device, secrets: Secrets) -> list[Check]:
    """Check a complete exported folder against the run's own `model` in memory, with samples drawn on `device`."""
    loaded, loads = _loads(folder, model)
    return [
        loads,
        Check("same samples", False, "not loaded") if loaded is None else _same_samples(loaded, model, device),
        _no_pickles(folder),
        _no_images(folder),
        _no_paths(folder, secrets),
    ]


def _loads(folder: Path, model: PixelModel) -> tuple[DiffusionPipeline | None, Check]:
    try:
        loaded = DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    except Exception as error:  # noqa: BLE001  diffusers raises many types on what it cannot load
        return None, Check("loads", False, f"diffusers says: {_first_line(error)}")
    if not isinstance(loaded, PIPELINES[model.pipeline]):
        return None, Check("loads", False, f"it is a {type(loaded).__name__}, not a {model.pipeline}")
    return loaded, Check("loads", True, f"{type(loaded).__name__}, {loaded.unet.num_parameters():,} parameters")


def _same_samples(loaded: DiffusionPipeline, model: PixelModel, device: torch.device) -> Check:
    name = "same samples"
    ours, theirs = model.unet.state_dict(), loaded.unet.state_dict()
    different = [key for key in ours if key not in theirs or not torch.equal(ours[key].cpu(), theirs[key].cpu())]
    if different or len(theirs) != len(ours):
        return Check(name, False, f"{len(different)} of {len(ours)} weights differ from the run's")
    wanted = sample_images(
        model.unet.to(device), model.scheduler, seeds=SEEDS, steps=_steps(model), device=device, batch_size=len(SEEDS)
    )
    drawn = _drawn_by_diffusers(loaded, model, device)
    unlike = int((drawn != wanted).any(axis=(1, 2, 3)).sum())
    if unlike:
        return Check(name, False, f"{unlike} of {len(SEEDS)} images differ from those that the run's network makes")
    steps = f"{_steps(model)} DDIM steps"
    return Check(name, True, f"{len(SEEDS)} images of {steps}, bit for bit on {device.type.upper()}")


def _drawn_by_diffusers(loaded: DiffusionPipeline, model: PixelModel, device: torch.device) -> NDArray[np.uint8]:
    """The same seeds through diffusers' own DDIM pipeline and its own conversion to pixels: ``(N, C, H, W)``."""
    pipeline = DDIMPipeline(unet=loaded.unet, scheduler=ddim_scheduler(loaded.scheduler)).to(device)
    pipeline.set_progress_bar_config(disable=True)
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    images = pipeline(
        batch_size=len(SEEDS), generator=generators, num_inference_steps=_steps(model), output_type="np"
    ).images
    return (images * 255).round().astype(np.uint8).transpose(0, 3, 1, 2)


def _steps(model: PixelModel) -> int:
    return min(SAMPLING_STEPS, int(model.scheduler.config["num_train_timesteps"]))


def _no_pickles(folder: Path) -> Check:
    files = _files(folder)
    found = [path for path in files if path.suffix in PICKLED or _start(path).startswith(PICKLE_STARTS)]
    return Check("no pickles", not found, _found(found, folder) or f"{len(files)} files, weights as safetensors")


def _no_images(folder: Path) -> Check:
    found = [path for path in _files(folder) if path.suffix.lower() in SUFFIXES or _is_image(path)]
    return Check("no training images", not found, _found(found, folder) or "no image file of any kind")


def _no_paths(folder: Path, secrets: Secrets) -> Check:
    name = "no paths"
    try:
        for file, text in texts(folder):
            told = secrets.told_by(text)
            if told is not None:
                return Check(name, False, f"{file.relative_to(folder).as_posix()} tells {told}")
    except ValueError as error:
        return Check(name, False, f"a file is damaged: {_first_line(error)}")
    return Check(name, True, "no path, image name, image folder or user name in any text")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _is_image(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def _found(paths: Sequence[Path], folder: Path) -> str:
    return ", ".join(path.relative_to(folder).as_posix() for path in paths)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
