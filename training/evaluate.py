"""The evaluate stage: draw from a run's model and its base on the same seeds, judge both, write the report.

Conditional models draw what the images that are not labeled sensitive are conditioned on.
"""

from __future__ import annotations

import datetime
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.atomic import atomic_folder, write_atomic
from training.checkpoint import load_model, load_state, require_checkpoint
from training.data import open_reader
from training.device import pick_device
from training.embeddings import open_conditions
from training.events import EventLog
from training.families import Condition, DiffusionModel
from training.manifest import label_counts, read_manifest
from training.preview import write_png
from training.report import Report
from training.runs import RunFolder
from training.sample_conditions import conditions_for
from training.sampling import sample_images
from training.spec import RunSpec
from training.start import starting_model
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
    seeds = range(FIRST_SEED * (1 + seed), FIRST_SEED * (1 + seed) + samples)
    model = load_model(checkpoint)
    table = open_conditions(  # as they were in training
        run.cache, spec, entries, model, lambda: open_reader(run.cache, spec, entries, log, _never), log, _never
    )
    values = None if table is None else table.of(np.arange(len(entries)))
    conditions = conditions_for(seeds, values, [entry.label for entry in entries])
    before = None
    if spec.model.source != "scratch":
        before = _draw(starting_model(spec), "Drawing samples of the base model", seeds, conditions, spec, log)
    after = _draw(model, "Drawing samples of the sanitized model", seeds, conditions, spec, log)
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
        drawn_with = {} if conditions is None else {"conditions": conditions}
        write_atomic(folder / "judgments.json", json.dumps(outcome.judgments() | drawn_with) + "\n")
    report.save(run.report_file)
    log.emit("result", **report.model_dump())
    return report


def _draw(
    model: DiffusionModel,
    what: str,
    seeds: Sequence[int],
    conditions: Sequence[Condition] | None,
    spec: RunSpec,
    log: EventLog,
) -> Images:
    device = pick_device(spec.device)
    model.denoiser.to(device)
    return sample_images(
        model,
        seeds=seeds,
        steps=SAMPLING_STEPS,
        device=device,
        conditions=conditions,
        guidance=spec.preview.guidance,
        progress=lambda done, total: log.emit("progress", what=what, done=done, total=total),
    )


def _never() -> bool:
    return False


def _write(folder: Path, images: Images) -> None:
    folder.mkdir()
    for index, pixels in enumerate(images):
        write_png(folder / f"{index:05d}.png", pixels)


def _training_speed(run: RunFolder) -> float | None:
    speeds = [event["images_per_second"] for event in run.events() if event.get("event") == "step"]
    return statistics.median(speeds) if speeds else None
