"""The gradient belongs to the whole batch, however it is split into micro-batches and over processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.conftest import REPOSITORY
from tests.training.builders import make_run
from tests.training.gradients import CPU, gradient
from training.batches import Batches
from training.events import SilentLog
from training.examples import prepare_examples
from training.loop import TrainState, combine, denoising_losses
from training.manifest import read_manifest
from training.ranks import Ranks
from training.runs import RunFolder
from training.spec import with_settings
from training.start import starting_model

BATCH = 16
SIGNS = ["positive", "negative", "differs between the parts"]


def differing(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    """Largest difference, relative to the largest gradient."""
    largest = max(value.abs().max().item() for value in theirs.values())
    return max((ours[name] - value).abs().max().item() for name, value in theirs.items()) / largest


def run_with_r(tmp_path: Path, sign: str, **settings: object) -> tuple[RunFolder, int]:
    """A run, and a step of it whose R has the wanted sign on the whole batch, and in which half batches disagree."""
    beta = {"positive": 0.1, "negative": 0.999, "differs between the parts": 0.93}[sign]
    images = {"unlabeled": 24, "sensitive": 12}
    defaults = {
        "optim__batch_size": BATCH,
        "optim__labeled_fraction": 0.5,
        "objective__beta": beta,
        "optim__steps": 1000,
    }
    run = make_run(tmp_path, images=images, **(defaults | settings))  # type: ignore[arg-type]
    spec = run.spec()
    model = starting_model(spec)
    log = SilentLog(run.events_file)
    examples = prepare_examples(run.cache, spec, read_manifest(run.manifest_file), model, CPU, log)
    batches = Batches(examples, model, spec)
    state = TrainState(model, spec.optim, CPU, Ranks(), BATCH)
    for step in range(200):
        with torch.no_grad():
            losses = denoising_losses(state, batches(step, CPU, Ranks()), spec, "float32")
        u, s = losses.split(batches.sizes)
        whole = (u.mean() - beta * s.mean()).item()
        halves = [(a.mean() - beta * b.mean()).item() for a, b in zip(u.chunk(2), s.chunk(2), strict=True)]
        agree = halves[0] * halves[1] > 0
        if sign == "positive" and whole > 0 and agree:
            return run, step
        if sign == "negative" and whole < 0 and agree:
            return run, step
        if sign == "differs between the parts" and not agree:
            return run, step
    raise AssertionError(f"no step whose R {sign}")


@pytest.mark.parametrize("correction", ["abs", "max", "hinge"])
@pytest.mark.parametrize("sign", SIGNS)
def test_micro_batches_give_the_gradient_of_the_whole_batch(tmp_path: Path, sign: str, correction: str) -> None:
    run, step = run_with_r(tmp_path, sign, objective__correction=correction, objective__positive_weight=1.0)
    terms, whole = gradient(run, step, BATCH)
    for parts in (2, 4):
        terms_in_parts, in_parts = gradient(run, step, BATCH // parts)
        assert terms_in_parts.loss.item() == pytest.approx(terms.loss.item(), rel=1e-5)
        assert differing(in_parts, whole) <= 1e-5


def test_the_gradient_is_that_of_plain_autograd(tmp_path: Path) -> None:
    """Against the loss differentiated outright, without weights for each image."""
    run, step = run_with_r(tmp_path, "negative", objective__correction="abs", objective__positive_weight=1.0)
    spec = run.spec()
    model = starting_model(spec)
    log = SilentLog(run.events_file)
    batches = Batches(prepare_examples(run.cache, spec, read_manifest(run.manifest_file), model, CPU, log), model, spec)
    state = TrainState(model, spec.optim, CPU, Ranks(), BATCH)
    losses = denoising_losses(state, batches(step, CPU, Ranks()), spec, "float32")
    combine(losses, batches, spec).loss.backward()
    plain = {name: parameter.grad for name, parameter in state.parameters.items()}
    assert differing(gradient(run, step, 4)[1], plain) <= 1e-5  # type: ignore[arg-type]


def test_two_processes_give_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    cases = [
        ("positive", BATCH, "ddp", BATCH),
        ("negative", 2, "ddp", BATCH),
        ("differs between the parts", BATCH, "ddp", BATCH),
        ("differs between the parts", 2, "ddp", BATCH),
        ("differs between the parts", 4, "fsdp", BATCH),
        ("differs between the parts", BATCH, "fsdp", BATCH),
        ("positive", 1, "ddp", 5),  # one process has fewer images than the other has parts
        ("positive", 1, "fsdp", 5),
    ]
    runs, jobs = [], []
    for number, (sign, micro_batch, sharding, batch_size) in enumerate(cases):
        settings = {
            "objective__correction": "abs",
            "objective__positive_weight": 1.0,
            "optim__sharding": sharding,
            "optim__batch_size": batch_size,
        }
        run, step = run_with_r(tmp_path / str(number), sign, **settings)
        runs.append((run, step))
        jobs.append(f"{run.path}:{step}:{micro_batch}")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, "-m", "tests.training.gradients", *jobs],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for (run, step), case in zip(runs, cases, strict=True):
        _, alone = gradient(run, step, BATCH)
        assert differing(load_file(run.path / "gradient.safetensors"), alone) <= 1e-5, case


def test_a_temperature_between_sum_and_mean(tmp_path: Path) -> None:
    """At a temperature of C × H × W the sum is the mean; at 1 it is the paper's."""
    run, step = run_with_r(tmp_path, "positive", objective__positive_weight=1.0)
    spec = run.spec()
    model = starting_model(spec)
    log = SilentLog(run.events_file)
    examples = prepare_examples(run.cache, spec, read_manifest(run.manifest_file), model, CPU, log)
    batches = Batches(examples, model, spec)
    state = TrainState(model, spec.optim, CPU, Ranks(), BATCH)
    batch = batches(step, CPU, Ranks())

    def losses(**settings: object) -> Tensor:
        return denoising_losses(state, batch, with_settings(spec, settings), "float32").detach()

    total = losses()
    mean = losses(**{"objective.reduction": "mean"})
    assert torch.allclose(losses(**{"objective.temperature": 64.0}), mean)
    assert torch.allclose(losses(**{"objective.temperature": 8.0}), total / 8)
