"""`pudm demo`: the whole job on handwritten digits, from a folder of images to a sanitized checkpoint."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pudm_gui.commands.console import INTERRUPTED, Console, duration
from pudm_gui.commands.engine import StageInterruptedError, StageOutcome, run_stage
from pudm_gui.commands.report_table import report_table
from pudm_gui.demo import prepare_demo
from pudm_gui.demo_picture import draw_before_after
from pudm_gui.project.project import Project
from pudm_gui.project.runs import create_run, list_runs
from training.errors import UserError
from training.report import Report
from training.runs import RunFolder
from training.spec import RunSpec, with_settings

DEMO_DATA: dict[str, Any] = {"data.image_size": 8, "data.channels": 1}
DEMO_BASE: dict[str, Any] = {
    "objective.kind": "unsupervised",
    "optim.steps": 1500,
    "optim.learning_rate": 1e-3,
    "optim.batch_size": 64,
    "optim.warmup_steps": 100,
    "optim.ema_decay": 0.995,
    "preview.every": 500,
    "checkpoint.every": 500,
}
"""How the base model is trained. The fine-tune has no such table: it takes the one-button defaults."""
DEMO_SAMPLES = 500
BASE_MODEL, SANITIZED_MODEL = "base-model", "sanitized-model"


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """What tests shorten."""

    base: dict[str, Any] = field(default_factory=lambda: dict(DEMO_BASE))
    fine_tune: dict[str, Any] = field(default_factory=dict)
    samples: int = DEMO_SAMPLES


def demo(args: argparse.Namespace, console: Console) -> int:
    return run_demo(args.out.resolve(), args.seed, console, DemoSettings())


def run_demo(folder: Path, seed: int, console: Console, settings: DemoSettings) -> int:
    """Run whatever of the demo is not done yet in `folder`, then show its outcome."""
    started = time.monotonic()
    console.say("1/5  Writing real handwritten digits; odd ones are the sensitive ones")
    project = prepare_demo(folder, seed)
    try:
        base, run = _models(folder, project, seed, console, settings)
    except StageInterruptedError:
        console.say("Stopped; run the same command again to go on.")
        console.result({"project": str(project), "state": "stopped"}, str(project))
        return INTERRUPTED
    report, picture = Report.load(run.report_file), folder / "before-after.png"
    draw_before_after(run.evaluation, report, picture)
    document = {
        **report.model_dump(mode="json"),
        "project": str(project),
        "run_dir": str(run.path),
        "base_model": str(folder / BASE_MODEL),
        "sanitized_model": str(folder / SANITIZED_MODEL),
        "picture": str(picture),
        "seconds": round(time.monotonic() - started, 1),
    }
    console.result(document, _closing_words(report, document, base, run))
    return 0


def _models(
    folder: Path, project: Path, seed: int, console: Console, settings: DemoSettings
) -> tuple[RunFolder, RunFolder]:
    """Train, export and evaluate; returns the run of the base model and that of the fine-tune."""
    base_model, common = folder / BASE_MODEL, {**DEMO_DATA, "seed": seed}
    console.say("2/5  Training a base model on the unlabeled digits, a tenth of them odd")
    base = _trained(project, "base", with_settings(RunSpec(), common | settings.base), console)
    run_stage("export", base, [base.path, base_model, "--replace"], console)
    console.say("3/5  Fine-tuning it with PU-DM, from 200 labeled odd digits")
    fine_tune = common | {"model.source": str(base_model)} | settings.fine_tune
    run = _trained(project, "sanitized", with_settings(RunSpec(), fine_tune), console)
    console.say("4/5  Drawing samples of both models and judging them against held-out digits")
    if not _is_evaluated(run, settings.samples):
        judging: list[str | Path] = [run.path, "--samples", str(settings.samples), "--truth", folder / "truth.csv"]
        run_stage("evaluate", run, judging, console)
    console.say("5/5  Exporting the sanitized model and loading it again")
    run_stage("export", run, [run.path, folder / SANITIZED_MODEL, "--replace"], console)
    return base, run


def _trained(project: Path, name: str, spec: RunSpec, console: Console) -> RunFolder:
    """Take the run of that name and spec if the project has one, go on with it if need be, or make a new one."""
    with Project.open(project) as opened:
        run = _existing(list_runs(opened), name, spec) or create_run(opened, spec, name=name)
    if run.worker() is not None:
        raise UserError(f"{run.path} is being trained by another process; wait for it, or stop it, and try again.")
    if run.state() != "finished":
        outcome: StageOutcome = run_stage("train", run, [run.path], console)
        if outcome.stopped:
            raise StageInterruptedError("Training was stopped.")
    return run


def _existing(runs: list[RunFolder], name: str, spec: RunSpec) -> RunFolder | None:
    for run in runs:
        if run.path.name.endswith(f"-{name}") and _essence(run.spec()) == _essence(spec):
            return run
    return None


def _essence(spec: RunSpec) -> dict[str, Any]:
    document = spec.model_dump(exclude={"name"})
    del document["data"]["roots"]
    return document


def _is_evaluated(run: RunFolder, samples: int) -> bool:
    """Whether an earlier `pudm demo` has judged the finished run in the same way."""
    if not run.report_file.is_file() or not (run.evaluation / "judgments.json").is_file():
        return False
    report = Report.load(run.report_file)
    return report.nsr_judge == "truth" and report.n_samples == samples and report.steps == run.spec().optim.steps


def _training_seconds(run: RunFolder) -> float:
    finished = [event for event in run.events() if event.get("event") == "finished"]
    return sum(event["seconds"] for event in finished if "step" in event)  # other stages tell of no step


def _closing_words(report: Report, document: dict[str, Any], base: RunFolder, run: RunFolder) -> str:
    project = Path(document["project"])
    return "\n".join(
        [
            "",
            report_table(report),
            f"Training took {duration(_training_seconds(base))} for the base model and "
            f"{duration(_training_seconds(run))} for the fine-tune; all of it {duration(document['seconds'])}.",
            "",
            f"Before and after   {document['picture']}",
            f"Sanitized model    {document['sanitized_model']}",
            f"In the window      pudm-gui {project}",
        ]
    )
