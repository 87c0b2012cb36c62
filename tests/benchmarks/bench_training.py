"""Images per second of a run against those of a plain loop: ``python -m tests.benchmarks.bench_training``.

Both train the same network on the same number of images a step, alternating in one process. The plain loop
(`tests.benchmarks.plain_loop`) is what research code looks like. Ours is what a run does between previews and
checkpoints: batch, gradient, optimizer, average, the step's event and a look for commands. Its parts are timed in
rounds of their own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from tests.benchmarks.plain_loop import PlainLoop, write_images
from training import loop
from training.batches import Batches
from training.compiled import compiled
from training.device import describe, pick_device, pick_precision
from training.events import EventLog
from training.examples import prepare_examples
from training.loop import TrainState, train
from training.manifest import ManifestEntry
from training.networks import build_model
from training.ranks import Ranks
from training.runs import RunFolder, create_run
from training.session import ASYNC_STEPS, Session
from training.spec import RunSpec, with_settings

BATCHES = {"cpu": {"small": 64, "medium": 16, "paper": 16}, "cuda": {"small": 128, "medium": 128, "paper": 128}}
WARM_UP = 3
"""Steps of each loop before any is timed."""


Pair = tuple[float, float]


@dataclass(frozen=True)
class Figures:
    """Of one network.

    Attributes
    ----------
    rounds
        Images per second of our loop and of the plain one.
    processor
        The same for seconds of this process's processor time, which other programs do not change; without that of the
        plain loop's workers.
    parts
        Seconds of a step of ours.
    """

    preset: str
    batch_size: int
    precision: str
    rounds: list[Pair]
    processor: list[Pair]
    parts: dict[str, float]

    @property
    def other_share(self) -> float:
        """Of a step, all but forward and backward."""
        return 1 - (self.parts["forward"] + self.parts["backward"]) / sum(self.parts.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=["small", "paper"], choices=["small", "medium", "paper"])
    parser.add_argument("--size", type=int, default=32, help="of the images, in pixels")
    parser.add_argument("--batch", type=int, default=0, help="images a step; 0 is what suits the device")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each loop in each round, at least")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto", choices=["auto", "float32", "bf16"], help="of our loop")
    parser.add_argument("--compile", action="store_true", help="our network")
    parser.add_argument("--workers", type=int, default=2, help="of each of the plain loop's two DataLoaders")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = pick_device(options.device)
    print(
        f"{describe(device)}; images of {options.size} × {options.size}; median of {options.rounds} rounds", flush=True
    )
    found = []
    with tempfile.TemporaryDirectory() as place:
        images = write_images(Path(place) / "images", options.size)
        for preset in options.presets:
            found.append(measure(Path(place), images, preset, device, options))
            show(found[-1])
    if options.json:
        documents = [
            asdict(one) | {"factor": factor(one.rounds), "processor_factor": factor(one.processor)} for one in found
        ]
        options.json.write_text(json.dumps(documents, indent=2) + "\n")


def measure(
    place: Path, images: list[ManifestEntry], preset: str, device: torch.device, options: argparse.Namespace
) -> Figures:
    settings = {
        "model.preset": preset,
        "model.compile": options.compile,
        "data.roots": {"1": str(place / "images")},
        "data.image_size": options.size,
        "data.horizontal_flip": True,
        "optim.batch_size": options.batch or BATCHES[device.type][preset],
        "optim.steps": 100_000,
        "optim.precision": options.precision,
    }
    spec = with_settings(RunSpec(), settings)
    ours = OurLoop(create_run(place / preset, spec, images), images, device)
    plain = PlainLoop(spec, images, device, options.workers)
    steps = [steps_within(each, options.seconds, device) for each in (ours.step, plain.step)]
    wall: list[Pair] = []
    processor: list[Pair] = []
    for _ in range(options.rounds):
        spent = [seconds_of(each, count, device) for each, count in zip((ours.step, plain.step), steps, strict=True)]
        for pairs, (mine, theirs) in zip((wall, processor), zip(*spent, strict=True), strict=True):
            pairs.append((spec.optim.batch_size / mine, spec.optim.batch_size / theirs))
    return Figures(preset, spec.optim.batch_size, ours.precision, wall, processor, ours.parts(2 * steps[0]))


class OurLoop:
    """A run between its previews and checkpoints, step by step."""

    def __init__(self, run: RunFolder, images: list[ManifestEntry], device: torch.device) -> None:
        spec, log = run.spec(), EventLog(run.events_file)
        self.device, self.precision = device, pick_precision(spec, device)
        if device.type == "cuda":
            torch.set_float32_matmul_precision("high")
        model = build_model(spec)
        examples = prepare_examples(run.cache, spec, images, model, device, log)
        batches = Batches(examples, model, spec)
        self.state = TrainState(model, spec.optim, device, Ranks(), micro_batch=spec.optim.batch_size)
        if spec.model.compile:
            self.state.network = compiled(self.state.network, log)
        self.session = Session(run, spec, self.state, batches, examples, self.precision, None, log, 0.0)
        self._steps = train(self.state, batches, spec, self.precision)

    def step(self) -> None:
        """As in `Session.run`."""
        begun = time.perf_counter()
        result = next(self._steps)
        self.session.seconds.append(time.perf_counter() - begun)
        self.session._unseen.append(result)
        if not self.session.asynchronous or len(self.session._unseen) == ASYNC_STEPS:
            self.session.look()
        self.session.obey()

    def parts(self, steps: int) -> dict[str, float]:
        """Seconds of a step by part, with the device brought to rest at the borders; whatever is left is "rest"."""
        spent: dict[str, float] = defaultdict(float)

        def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
            def run(*arguments: Any, **named: Any) -> Any:
                settle(self.device)
                begun = time.perf_counter()
                result = function(*arguments, **named)
                settle(self.device)
                spent[part] += time.perf_counter() - begun
                return result

            return run

        places = [
            ("data", Batches, "__call__"),
            ("forward", loop, "denoising_losses"),
            ("backward", loop, "_backward"),
            ("objective", loop, "loss_weights"),
            ("optimizer", loop, "_clipped"),
            ("optimizer", self.state.optimizer, "step"),
            ("optimizer", self.state.optimizer, "zero_grad"),
            ("EMA", self.state.ema, "update"),
            ("events", self.session, "look"),
            ("events", self.session, "obey"),
        ]
        with ExitStack() as stack:
            for part, owner, name in places:
                function = getattr(owner, name)
                replacement = timed(part, function)
                if owner is Batches:  # looked up on the class, and so not bound by itself
                    replacement = lambda batches, *rest, call=replacement: call(batches, *rest)  # noqa: E731
                stack.enter_context(patch.object(owner, name, replacement))
            whole, _ = seconds_of(self.step, steps, self.device)
        parts = {part: seconds / steps for part, seconds in spent.items()}
        return parts | {"rest": whole - sum(parts.values())}


def settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def steps_within(step: Callable[[], object], seconds: float, device: torch.device) -> int:
    """How many steps take about `seconds`."""
    seconds_of(step, WARM_UP, device)
    return max(1, round(seconds / seconds_of(step, 1, device)[0]))


def seconds_of(step: Callable[[], object], count: int, device: torch.device) -> Pair:
    """Mean of `count` steps, by the clock and of this process's processor time."""
    settle(device)
    begun, processor = time.perf_counter(), time.process_time()
    for _ in range(count):
        step()
    settle(device)
    return (time.perf_counter() - begun) / count, (time.process_time() - processor) / count


def factor(rounds: list[Pair]) -> float:
    """Median over the rounds, whose two halves saw about the same machine."""
    return statistics.median(ours / plain for ours, plain in rounds)


def show(found: Figures) -> None:
    print(f"\n{found.preset}, {found.batch_size} images a step, ours in {found.precision}: images per second")
    for clock, rounds in (("by the clock", found.rounds), ("of processor time", found.processor)):
        ours, plain = (statistics.median(values) for values in zip(*rounds, strict=True))
        factors = sorted(mine / theirs for mine, theirs in rounds)
        print(
            f"  {clock:18} {ours:8.1f}, plain {plain:8.1f}: {factor(rounds):.2f} times as fast "
            f"({factors[0]:.2f} to {factors[-1]:.2f})"
        )
    whole = sum(found.parts.values())
    for part, seconds in found.parts.items():
        print(f"  {part:10} {1e3 * seconds:9.2f} ms {seconds / whole:7.1%}")
    print(f"  all but forward and backward: {found.other_share:.1%}", flush=True)


if __name__ == "__main__":
    main()
