"""The sample stage: PNG files from a diffusers folder or from a run's latest checkpoint."""

from __future__ import annotations

from pathlib import Path

from training.checkpoint import load_model, require_checkpoint
from training.device import pick_device
from training.errors import UserError
from training.events import EventLog
from training.families import Condition, DiffusionModel
from training.families import load_model as load_checkpoint
from training.preview import write_png
from training.runs import RunFolder
from training.sampling import sample_images


def sample_to_folder(
    model_dir: Path,
    out: Path,
    *,
    count: int,
    seed: int,
    steps: int,
    device: str,
    prompt: str | None = None,
    class_index: int | None = None,
    guidance: float | None = None,
) -> None:
    """Write ``00000.png`` … into `out`, image i from seed ``seed + i``.

    Parameters
    ----------
    prompt, class_index
        What all images are to be of; one of them for a conditional model, by its kind, and none for any other.
    guidance
        Classifier-free guidance scale; ``None`` is what is customary for the model.

    Raises
    ------
    UserError
        `model_dir` is neither a usable model nor a run with a checkpoint, the model cannot be asked for this, or the
        disk is full.
    """
    model = load_any(model_dir)
    condition = _condition(model, prompt, class_index)
    _check_guidance(model, guidance)
    target = pick_device(device)
    out.mkdir(parents=True, exist_ok=True)
    log = EventLog(out / "events.jsonl")
    log.emit("started", stage="sample")
    model.denoiser.to(target)
    images = sample_images(
        model,
        seeds=range(seed, seed + count),
        steps=steps,
        device=target,
        conditions=None if condition is None else [condition] * count,
        guidance=guidance,
        progress=lambda done, total: log.emit("progress", what="Drawing samples", done=done, total=total),
    )
    for index, pixels in enumerate(images):
        write_png(out / f"{index:05d}.png", pixels)
    log.emit("result", folder=str(out), count=count)
    log.emit("finished")


def load_any(folder: Path) -> DiffusionModel:
    """A model from a diffusers folder, or the averaged weights of a run folder's latest checkpoint."""
    run = RunFolder(folder)
    if run.spec_file.is_file():
        return load_model(require_checkpoint(run))
    return load_checkpoint(folder)


def _condition(model: DiffusionModel, prompt: str | None, class_index: int | None) -> Condition | None:
    if prompt is not None and model.conditioning != "caption":
        raise UserError(f"A {model.family} model takes no caption; leave out --prompt.")
    if class_index is not None and model.conditioning != "class":
        raise UserError(f"A {model.family} model takes no class; leave out --class.")
    if model.conditioning == "none":
        return None
    if model.conditioning == "caption":
        if prompt is None:
            raise UserError("This model draws from a caption; say what to draw with --prompt.")
        model.check_conditions([prompt])
        return prompt
    if class_index is None or not 0 <= class_index < model.classes:
        given = "" if class_index is None else f", and --class is {class_index}"
        raise UserError(f"This model draws one of its classes, 0 to {model.classes - 1}{given}; name one with --class.")
    return class_index


def _check_guidance(model: DiffusionModel, guidance: float | None) -> None:
    if guidance is None:
        return
    if guidance < 1:
        raise UserError(f"--guidance is {guidance:g}; give 1, which is none, or more.")
    if model.null_condition is None and guidance != 1:
        raise UserError(
            "There is nothing to guide this model by: it was not trained to draw both with and without a condition; "
            "leave out --guidance."
        )
