"""`pudm prior`, `pudm train` and `pudm resume`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pudm_gui.commands.conditions import check_conditions, condition_settings, look_up_conditions
from pudm_gui.commands.console import INTERRUPTED, Console
from pudm_gui.commands.engine import StageInterruptedError, run_stage
from pudm_gui.model_folder import ModelFacts, read_model_folder
from pudm_gui.project.project import Project
from pudm_gui.project.runs import create_run, freeze, prior_folder
from training.errors import UserError
from training.runs import RunFolder
from training.spec import RunSpec, with_settings

SETTING_OF_FLAG = {
    "objective": "objective.kind",
    "correction": "objective.correction",
    "reduction": "objective.reduction",
    "steps": "optim.steps",
    "batch_size": "optim.batch_size",
    "image_size": "data.image_size",
    "lr": "optim.learning_rate",
    "lora": "model.lora_rank",
    "seed": "seed",
    "device": "device",
}


def prior(args: argparse.Namespace, console: Console) -> int:
    with Project.open(args.project, read_only=True) as project:
        folder = prior_folder(project, RunSpec())
    estimate = _estimated(folder, console)
    low, high = estimate["interval"]
    text = (
        f"β is about {estimate['beta']:.3f}, 95 % interval {low:.3f} to {high:.3f} "
        f"({estimate['n_sensitive']:,} sensitive, {estimate['n_unlabeled']:,} unlabeled images).\n"
        f"Train with --beta {estimate['proposal']:.3f}, or --beta auto."
    )
    if estimate.get("warning"):
        console.say(f"Note: {estimate['warning']}")
    console.result(estimate, text)
    return 0


def _estimated(folder: RunFolder, console: Console) -> dict[str, Any]:
    """Let the engine estimate β; returns what it wrote to `prior.json`."""
    run_stage("prior", folder, [folder.path], console)
    return json.loads((folder.path / "prior.json").read_text("utf-8"))


def train(args: argparse.Namespace, console: Console) -> int:
    facts = None if args.source == "scratch" else read_model_folder(args.source, args.config)
    spec = spec_from_flags(args, facts)
    if facts is None and spec.model.source != "scratch":  # named by --set
        facts = read_model_folder(Path(spec.model.source), Path(spec.model.config) if spec.model.config else None)
    _check_model(spec, facts)
    if spec.conditioning.source != "none":
        with Project.open(args.project, read_only=True) as project:
            frozen = freeze(project, spec)
        look_up_conditions(*frozen, facts, console)
    if args.beta == "auto":
        with Project.open(args.project) as project:  # for writing: says at once if the run could not be made later
            folder = prior_folder(project, spec)
        estimate = _estimated(folder, console)
        console.say(f"β set to {estimate['proposal']:.3f}, from an estimate of {estimate['beta']:.3f}.")
        spec = with_settings(spec, {"objective.beta": estimate["proposal"], "objective.beta_source": "prior"})
    name = spec.name if spec.name != RunSpec().name else spec.objective.kind
    with Project.open(args.project) as project:
        run = create_run(project, spec, name=name)
    if args.prepare:
        console.result({"run_dir": str(run.path), "state": "new"}, str(run.path))
        return 0
    return _train(run, console)


def spec_from_flags(args: argparse.Namespace, facts: ModelFacts | None) -> RunSpec:
    """Defaults, then what the base model says (None from scratch), then the flags, then ``--set``.

    Raises
    ------
    UserError
        A flag does not go with the model, or with another.
    """
    if args.config is not None and (facts is None or facts.config is None):
        raise UserError("--config is for a model in a single file, and --from names none; leave it out.")
    given: dict[str, Any] = {}
    if facts is not None:
        given |= _settings_of_model(facts, args.image_size)
    given |= {setting: value for flag, setting in SETTING_OF_FLAG.items() if (value := getattr(args, flag)) is not None}
    given |= condition_settings(args, facts)
    if args.beta not in (None, "auto"):
        given["objective.beta"] = args.beta
    given |= dict(args.set or [])
    if "objective.beta" in given:
        given.setdefault("objective.beta_source", "user")
    return with_settings(RunSpec(), given)


def _check_model(spec: RunSpec, facts: ModelFacts | None) -> None:
    """Say at once what the model of a run cannot be trained with."""
    if facts is not None:
        check_conditions(facts, spec)
    if spec.model.lora_rank and (facts is None or not facts.lora):
        what = "A model from scratch is a pixel model" if facts is None else f"{facts.path} is a {facts.family} model"
        raise UserError(f"{what}, for which there is no LoRA; leave --lora out.")


def _settings_of_model(facts: ModelFacts, image_size: int | None) -> dict[str, Any]:
    settings: dict[str, Any] = {"model.source": str(facts.path)}
    if facts.config is not None:
        settings["model.config"] = str(facts.config)
    if facts.image_size is not None:
        if image_size not in (None, facts.image_size):
            raise UserError(
                f"{facts.path} draws images of {facts.image_size} pixels, and --image-size is {image_size}; "
                "leave --image-size out."
            )
        settings["data.image_size"] = facts.image_size
    if facts.channels is not None:
        settings["data.channels"] = facts.channels
    return settings


def resume(args: argparse.Namespace, console: Console) -> int:
    run = RunFolder(args.run_dir.resolve())
    run.spec()  # says so where the folder is no run, or from a newer version
    worker = run.worker()
    if worker is not None:
        raise UserError(f"{run.path.name} is already being worked on by process {worker}; stop that one first.")
    if run.state() == "finished":
        console.say(f"{run.path.name} has finished already; look at it with pudm evaluate.")
        console.result({"run_dir": str(run.path), "state": "finished"}, str(run.path))
        return 0
    return _train(run, console)


def _train(run: RunFolder, console: Console) -> int:
    document: dict[str, Any] = {"run_dir": str(run.path), "state": "stopped"}
    try:
        outcome = run_stage("train", run, [run.path], console)
    except StageInterruptedError:
        console.say(f"Ended at once; what was saved is kept. Go on with: pudm resume {run.path}")
    else:
        finished, stopped = outcome.last("finished"), outcome.last("stopped")
        if finished is not None:
            document |= {"state": "finished", "step": finished.get("step"), "seconds": finished.get("seconds")}
            document["early"] = bool(finished.get("early"))
        elif stopped is not None:
            document |= {"step": stopped.get("step")}
            console.say(f"Stopped at step {stopped.get('step')}. Go on with: pudm resume {run.path}")
    console.result(document, str(run.path))
    return 0 if document["state"] == "finished" else INTERRUPTED
