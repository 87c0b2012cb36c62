"""`pudm sample`, `pudm evaluate` and `pudm export`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from pudm_gui.commands.console import Console
from pudm_gui.commands.engine import StageInterruptedError, run_stage
from pudm_gui.commands.report_table import report_table
from pudm_gui.model_folder import read_model_folder
from training.checkpoint_layout import LORA_FILE
from training.errors import UserError
from training.report import Report
from training.runs import RunFolder


def sample(args: argparse.Namespace, console: Console) -> int:
    model, out = args.model_dir.resolve(), args.out.resolve()
    if not RunFolder(model).spec_file.is_file():
        read_model_folder(model)
    arguments: list[str | Path] = [model, "--n", str(args.n), "--seed", str(args.seed), "--out", out]
    if args.sampling_steps is not None:
        arguments += ["--sampling-steps", str(args.sampling_steps)]
    for option, value in (("--prompt", args.prompt), ("--class", args.class_index), ("--guidance", args.guidance)):
        if value is not None:
            arguments += [f"{option}={value}"]  # as one word: a caption may begin with a dash
    if args.device is not None:
        arguments += ["--device", args.device]
    with tempfile.NamedTemporaryFile(prefix="pudm-sample-", suffix=".log", delete=False) as file:
        log = Path(file.name)  # not in `out`, which the engine wants empty; kept where there is something to read in it
    try:
        run_stage("sample", RunFolder(out), arguments, console, log=log)
    except (UserError, StageInterruptedError):
        log.unlink()
        raise
    log.unlink()
    console.result({"out": str(out), "n": args.n, "seed": args.seed}, str(out))
    return 0


def evaluate(args: argparse.Namespace, console: Console) -> int:
    run = opened_run(args.run_dir)
    arguments: list[str | Path] = [run.path]
    if args.samples is not None:
        arguments += ["--samples", str(args.samples)]
    if args.truth is not None:
        if not args.truth.is_file():
            raise UserError(f"There is no file {args.truth}; name a CSV file with the columns path,label.")
        arguments += ["--truth", args.truth.resolve()]
    if args.seed is not None:
        arguments += ["--seed", str(args.seed)]
    run_stage("evaluate", run, arguments, console)
    report = Report.load(run.report_file)
    document = {"run_dir": str(run.path), **report.model_dump(mode="json")}
    console.result(document, f"{report_table(report)}\n\n{run.report_file}")
    return 0


def export(args: argparse.Namespace, console: Console) -> int:
    run = opened_run(args.run_dir)
    out = args.out_dir.resolve()
    arguments: list[str | Path] = [run.path, out]
    if args.weights is not None:
        arguments += ["--weights", args.weights]
    if args.replace:
        arguments.append("--replace")
    outcome = run_stage("export", run, arguments, console)
    checks: list[dict[str, Any]] = (outcome.last("result") or {}).get("checks", [])
    for check in checks:
        console.say(f"{'✓' if check.get('ok') else '✗'} {check.get('name')}: {check.get('detail')}")
    if (out / LORA_FILE).is_file():
        console.say(f"The adapter alone, for load_lora_weights: {out / LORA_FILE}")
    console.result({"out": str(out), "run_dir": str(run.path), "checks": checks}, str(out))
    return 0


def opened_run(folder: Path) -> RunFolder:
    """Take `folder` as a run; ``UserError`` where it is none, or from a newer version."""
    run = RunFolder(folder.resolve())
    run.spec()
    return run
