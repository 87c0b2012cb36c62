"""The sample stage: PNG files from a diffusers folder or from a run's latest checkpoint."""

from __future__ import annotations

from pathlib import Path

from training.checkpoint import load_model, require_checkpoint
from training.device import pick_device
from training.events import EventLog
from training.pipelines import PixelModel, load_pixel_pipeline
from training.preview import write_png
from training.runs import RunFolder
from training.sampling import sample_images


def sample_to_folder(model_dir: Path, out: Path, *, count: int, seed: int, steps: int, device: str) -> None:
    """Write ``00000.png`` … into `out`, image i from seed ``seed + i``.

    Raises
    ------
    UserError
        `model_dir` is neither a usable model nor a run with a checkpoint, or the disk is full.
    """
    model = load_any(model_dir)
    target = pick_device(device)
    out.mkdir(parents=True, exist_ok=True)
    log = EventLog(out / "events.jsonl")
    log.emit("started", stage="sample")
    images = sample_images(
        model.unet.to(target),
        model.scheduler,
        seeds=range(seed, seed + count),
        steps=steps,
        device=target,
        progress=lambda done, total: log.emit("progress", what="Drawing samples", done=done, total=total),
    )
    for index, pixels in enumerate(images):
        write_png(out / f"{index:05d}.png", pixels)
    log.emit("result", folder=str(out), count=count)
    log.emit("finished")


def load_any(folder: Path) -> PixelModel:
    """A model from a diffusers folder, or the averaged weights of a run folder's latest checkpoint."""
    run = RunFolder(folder)
    if run.spec_file.is_file():
        return load_model(require_checkpoint(run))
    return load_pixel_pipeline(folder)
