"""``python -m training STAGE …``: one stage of the engine in a process of its own.

Ends 0; 2 with one sentence on stderr for a mistake of the user; 1 with a traceback for a defect. The run folder's
event log tells the same.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

# Threads of OpenMP that spin while they wait slow everything down as soon as another process, such as the window,
# wants a core: steps took up to 35 times as long. Has to be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # whoever starts the engine: nothing is looked up on a model hub

from training.errors import UserError
from training.events import EventLog, SilentLog, send_command
from training.runs import RunFolder
from training.spoken import SpokenLog


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.stage(options))
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201  this is the command line's answer
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    stages = parser.add_subparsers(required=True, metavar="STAGE")

    train = stages.add_parser("train", help="train, or go on training, a run folder")
    train.add_argument("run_dir", type=Path)
    train.set_defaults(stage=_train)

    sample = stages.add_parser("sample", help="draw images from a diffusers folder or a run folder")
    sample.add_argument("model_dir", type=Path)
    sample.add_argument("--n", type=int, default=16)
    sample.add_argument("--seed", type=int, default=0)
    sample.add_argument("--out", type=Path, required=True)
    sample.add_argument("--sampling-steps", type=int, default=50)
    sample.add_argument("--prompt", help="what to draw, for a model that takes captions")
    sample.add_argument("--class", type=int, dest="class_index", help="what to draw, for a model that takes classes")
    sample.add_argument("--guidance", type=float, help="classifier-free guidance scale; 1 is none")
    sample.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    sample.set_defaults(stage=_sample)

    evaluate = stages.add_parser("evaluate", help="measure a run against its base model")
    evaluate.add_argument("run_dir", type=Path)
    evaluate.add_argument("--samples", type=int, default=500)
    evaluate.add_argument("--truth", type=Path)
    evaluate.add_argument("--seed", type=int, default=0)
    evaluate.set_defaults(stage=_evaluate)

    prior = stages.add_parser("prior", help="estimate β from a folder's manifest")
    prior.add_argument("run_dir", type=Path)
    prior.set_defaults(stage=_prior)

    features = stages.add_parser("features", help="compute the features of a job's images")
    features.add_argument("run_dir", type=Path)
    features.set_defaults(stage=_features)

    export = stages.add_parser("export", help="write the trained model as a diffusers folder")
    export.add_argument("run_dir", type=Path)
    export.add_argument("out_dir", type=Path)
    export.add_argument("--weights", choices=("ema", "raw"), default="ema")
    export.add_argument("--replace", action="store_true", help="take the place of an earlier export in OUT_DIR")
    export.set_defaults(stage=_export)
    return parser


# What loads torch is imported by the stages' work, once the run is claimed: it takes seconds, in which others must see
# that the run is taken.


def _train(options: argparse.Namespace) -> int:
    run = RunFolder(options.run_dir)
    run.spec()  # a folder that is no run gets a sentence before anything is written to it
    # A launcher (torchrun, accelerate launch) starts several processes, of which the first speaks for all.
    speaks = os.environ.get("RANK", "0") == "0"

    def work(log: EventLog) -> None:
        from training.train import run_training

        for number in (signal.SIGINT, signal.SIGTERM):  # finish the step, save, and end well
            signal.signal(number, lambda *_: send_command(run.path, "stop") if speaks else None)
        run_training(run, log)  # says "started" itself, once it knows the device and the step

    if speaks:
        return _logged(run, work, SpokenLog(run.events_file))
    work(SilentLog(run.events_file))
    return 0


def _sample(options: argparse.Namespace) -> int:
    from training.device import gpu_memory_told
    from training.sample import sample_to_folder

    if options.n < 1:
        raise UserError(f"--n is {options.n}; give the number of images to draw, at least 1.")
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise UserError(f"{options.out} already exists and is not empty; choose a new folder.")
    with gpu_memory_told("draw samples"):
        sample_to_folder(
            options.model_dir,
            options.out,
            count=options.n,
            seed=options.seed,
            steps=options.sampling_steps,
            device=options.device,
            prompt=options.prompt,
            class_index=options.class_index,
            guidance=options.guidance,
        )
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    if options.samples < 2:
        raise UserError(f"--samples is {options.samples}; give at least 2, better 500.")

    def work(run: RunFolder, log: EventLog) -> None:
        from training.device import gpu_memory_told
        from training.evaluate import evaluate

        with gpu_memory_told("draw and judge samples"):
            evaluate(run, samples=options.samples, truth=options.truth, seed=options.seed, log=log)

    return _stage("evaluate", options.run_dir, work)


def _prior(options: argparse.Namespace) -> int:
    def work(run: RunFolder, log: EventLog) -> None:
        from training.device import gpu_memory_told
        from training.prior import estimate_prior

        with gpu_memory_told("look at the images"):
            estimate_prior(run, log)

    return _stage("prior", options.run_dir, work)


def _features(options: argparse.Namespace) -> int:
    run = RunFolder(options.run_dir)
    run.spec()

    def work(log: EventLog) -> None:
        begun = time.monotonic()
        for number in (signal.SIGINT, signal.SIGTERM):  # finish the batch, keep what is there, and end well
            signal.signal(number, lambda *_: send_command(run.path, "stop"))
        log.emit("started", stage="features", pid=os.getpid())
        from training.device import gpu_memory_told
        from training.featurize import featurize

        with gpu_memory_told("look at the images"):
            done = featurize(run, log)
        log.emit("finished" if done else "stopped", seconds=time.monotonic() - begun)

    return _logged(run, work)


def _export(options: argparse.Namespace) -> int:
    def work(run: RunFolder, log: EventLog) -> None:
        from training.device import gpu_memory_told
        from training.export import export

        with gpu_memory_told("check the exported model"):
            export(run, options.out_dir, weights=options.weights, log=log, replace_export=options.replace)

    return _stage("export", options.run_dir, work)


def _stage(name: str, folder: Path, work: Callable[[RunFolder, EventLog], None]) -> int:
    """Run a stage that follows training, told by the same event log."""
    run = RunFolder(folder)
    run.spec()

    def told(log: EventLog) -> None:
        begun = time.monotonic()
        log.emit("started", stage=name)
        work(run, log)
        log.emit("finished", seconds=time.monotonic() - begun)

    return _logged(run, told)


def _logged(run: RunFolder, work: Callable[[EventLog], None], log: EventLog | None = None) -> int:
    run.claim()
    log = log or EventLog(run.events_file)
    try:
        work(log)
    except UserError as error:
        log.emit("failed", message=str(error), **error.facts)
        raise
    except Exception:  # noqa: BLE001  the log tells of the defect, whatever it is
        log.emit(
            "failed",
            message="The program failed; this is a defect, and nothing that was saved is lost. Please report the log.",
            traceback=traceback.format_exc(),
        )
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
