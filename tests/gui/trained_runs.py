"""Run folders as the engine leaves them, made without the engine, for the tests of Review and Export."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from training.events import EventLog
from training.report import Report
from training.runs import RunFolder
from training.spec import ModelSpec, OptimSpec, RunSpec

REPORT = Report(
    nsr=0.994,
    nsr_interval=(0.987, 0.998),
    nsr_before=0.868,
    nsr_before_interval=(0.836, 0.895),
    nsr_judge="truth",
    judge_accuracy=0.982,
    judge_note="Judged by a classifier that learned from 1,200 images of known truth; right for 98.2% of 300 others.",
    fid=15.1,
    fid_before=27.0,
    fid_features="features of the classifier trained on the truth, 48 dimensions",
    fid_reference="480 normal images that training did not use",
    fid_note="",
    n_samples=500,
    sampling_steps=50,
    evaluation_seed=0,
    weights="ema",
    beta=0.1,
    beta_source="prior",
    objective="pu",
    correction="hinge",
    reduction="sum",
    label_counts={"unlabeled": 4400, "sensitive": 200, "normal": 0},
    seed=0,
    steps=400,
    images_per_second=310.0,
    created="2026-01-01T12:00:00Z",
)
LABELS_ONLY = {
    "nsr_judge": "labels",
    "judge_accuracy": None,
    "judge_note": "Judged by a classifier that learned from your 60 sensitive labels and the unlabeled images.",
    "label_counts": {"unlabeled": 4400, "sensitive": 60, "normal": 0},
    "fid_features": "InceptionV3 features (2048-d)",
    "fid_reference": "the 4,400 unlabeled images, which hold sensitive ones too",
}
FROM_SCRATCH = {"nsr_before": None, "nsr_before_interval": None, "fid_before": None}
NO_DISTANCE = {
    "fid": None,
    "fid_before": None,
    "fid_features": "none",
    "fid_reference": "none",
    "fid_note": "The Fréchet distance needs at least 50 normal images to compare with; label some as normal.",
}


def make_report(**changes: object) -> Report:
    """``REPORT`` with some fields changed."""
    return Report.model_validate(REPORT.model_dump() | changes)


def make_run(
    folder: Path, *, report: Report | None = None, fine_tuned: bool = True, state: str = "finished", steps: int = 400
) -> RunFolder:
    """A trained run; with a `report` it has been evaluated, though its samples must be put there by `add_samples`."""
    run = RunFolder(folder)
    (run.checkpoints / "step-00000400").mkdir(parents=True)
    run.manifest_file.write_text("")
    source = str(folder.parent / "base") if fine_tuned else "scratch"
    name = folder.name.partition("-")[2]
    RunSpec(name=name, model=ModelSpec(source=source), optim=OptimSpec(steps=400)).save(run.spec_file)
    log = EventLog(run.events_file)
    log.emit("started", stage="train", pid=1, step=0, steps=steps)
    log.emit("step", step=steps, loss=0.1)
    log.emit(state, step=steps, seconds=60.0)
    if report is not None:
        report.save(run.report_file)
    return run


def add_samples(run: RunFolder, images: Sequence[Path], *, before: bool, size: int = 64, count: int = 60) -> None:
    """Write `count` PNG files from `images`; "after" shows another of them than "before"."""
    for name, shift in (("before", 0), ("after", len(images) // 2)):
        if name == "before" and not before:
            continue
        folder = run.evaluation / name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            with Image.open(images[(number + shift) % len(images)]) as image:
                image.convert("RGB").resize((size, size)).save(folder / f"{number:05d}.png")


def add_colors(run: RunFolder, *, count: int = 24, size: int = 16) -> None:
    """Striped samples: red before and green after, for tests that look at pixels."""
    for name, channel in (("before", 0), ("after", 1)):
        folder = run.evaluation / name
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros((size, size, 3), np.uint8)
        pixels[::4, :, channel] = 255
        for number in range(count):
            Image.fromarray(pixels).save(folder / f"{number:05d}.png")


def add_judgments(run: RunFolder, **judgments: list[float] | list[str] | list[int]) -> None:
    """What the judge thought of each sample, and the `conditions` that they were drawn with."""
    (run.evaluation / "judgments.json").write_text(json.dumps(judgments))


REPOSITORY = Path(__file__).resolve().parents[2]


def engine_of(script: Path, code: str) -> list[str]:
    """The start of a command line that runs `code` as the engine; it has `stage`, `run`, `log` and `arguments`."""
    # The application starts engines with a safe path, on which an installed program has no tests.
    script.write_text(f"import sys\nsys.path.insert(0, {str(REPOSITORY)!r})\n" + PRELUDE + code, "utf-8")
    return [sys.executable, str(script)]


PRELUDE = """
import sys, time
from pathlib import Path
from training.events import EventLog, LineReader
from training.runs import RunFolder
stage, run, arguments = sys.argv[1], RunFolder(Path(sys.argv[2])), sys.argv[3:]
run.claim()
log = EventLog(run.events_file)
log.emit("started", stage=stage)
"""
