"""The evaluate stage: draw from a run's model and its base on the same seeds, judge both, write the report."""

from __future__ import annotations

import datetime
import json
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.atomic import atomic_folder, write_atomic
from training.checkpoint import load_model, load_state, require_checkpoint
from training.device import pick_device
from training.errors import UserError
from training.events import EventLog
from training.manifest import label_counts, read_manifest
from training.pipelines import PixelModel
from training.preview import write_png
from training.report import Report
from training.runs import RunFolder
from training.sampling import sample_images
from training.spec import RunSpec
from training.train import starting_model
from training.verdicts import Outcome, judge_by_labels, judge_by_truth

SAMPLING_STEPS = 50
FIRST_SEED = 1_000_000
"""Sample i of evaluation seed s comes from seed FIRST_SEED + s · FIRST_SEED + i, apart from those of the previews."""

Images = NDArray[np.uint8]


def evaluate(run: RunFolder, *, samples: int, truth: Path | None, seed: int, log: EventLog) -> Report:
    """Measure the latest checkpoint's averaged weights; replaces an earlier evaluation once the new one is complete.

    Parameters
    ----------
    samples
        Images drawn from each model.
    truth
        CSV of images of known truth (`training.truth`); without it the curator's own labels judge.
    seed
        Of the samples, the judge and the bootstrap.

    Raises
    ------
    UserError
        No checkpoint yet, the base model is gone, or too little to judge by.
    """
    spec = run.spec()
    checkpoint = require_checkpoint(run)
    entries = read_manifest(run.manifest_file)
    judge: Callable[[Images, Images | None], Outcome]
    if truth is not None:
        judge = judge_by_truth(truth, spec, entries, seed, log)
    else:
        judge = judge_by_labels(run, spec, entries, seed, log)
    before = None if spec.model.source == "scratch" else _draw(starting_model(spec), "before", spec, samples, seed, log)
    after = _draw(load_model(checkpoint), "after", spec, samples, seed, log)
    log.emit("progress", what="Judging the samples", done=0, total=1)
    outcome = judge(after, before)

    report = Report(
        **outcome.figures(),
        n_samples=samples,
        sampling_steps=SAMPLING_STEPS,
        evaluation_seed=seed,
        weights="ema",
        beta=spec.objective.beta,
        beta_source=spec.objective.beta_source,
        objective=spec.objective.kind,
        correction=spec.objective.correction,
        reduction=spec.objective.reduction,
        label_counts=label_counts(entries),
        seed=spec.seed,
        steps=load_state(checkpoint).step,
        images_per_second=_training_speed(run),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    with atomic_folder(run.evaluation) as folder:
        for name, images in (("before", before), ("after", after)):
            if images is not None:
                _write(folder / name, images)
        write_atomic(folder / "judgments.json", json.dumps(outcome.judgments()) + "\n")
    report.save(run.report_file)
    log.emit("result", **report.model_dump())
    return report


def _draw(model: PixelModel, which: str, spec: RunSpec, samples: int, seed: int, log: EventLog) -> Images:
    device = pick_device(spec.device)
    first = FIRST_SEED * (1 + seed)
    what = "Drawing samples of the base model" if which == "before" else "Drawing samples of the sanitized model"
    try:
        return sample_images(
            model.unet.to(device),
            model.scheduler,
            seeds=range(first, first + samples),
            steps=SAMPLING_STEPS,
            device=device,
            progress=lambda done, total: log.emit("progress", what=what, done=done, total=total),
        )
    except torch.OutOfMemoryError:
        raise UserError(
            "The GPU has not enough free memory to draw samples; close other programs and evaluate again."
        ) from None


def _write(folder: Path, images: Images) -> None:
    folder.mkdir()
    for index, pixels in enumerate(images):
        write_png(folder / f"{index:05d}.png", pixels)


def _training_speed(run: RunFolder) -> float | None:
    speeds = [event["images_per_second"] for event in run.events() if event.get("event") == "step"]
    return statistics.median(speeds) if speeds else None
