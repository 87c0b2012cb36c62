"""Every family's gradient over two processes is that of one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.conftest import REPOSITORY
from tests.training.builders import make_run, tiny_model
from tests.training.families.journey import run_settings
from tests.training.families.tiny_latents import tiny_dit, tiny_ldm
from tests.training.families.tiny_pipelines import sd3, sdxl, stable_diffusion
from tests.training.gradients import gradient
from training.families import load_model


def ldm(folder: Path) -> Path:
    tiny_ldm().save_pretrained(folder)
    return folder


def dit(folder: Path) -> Path:
    tiny_dit().save_pretrained(folder)
    return folder


def classes(folder: Path) -> Path:
    return tiny_model(folder, classes=3)


def quiet_sd3(folder: Path) -> Path:
    """Weights as large as the other tests have them make chaos of the bits that batches of other sizes differ in."""
    weights = sd3(folder) / "transformer" / "diffusion_pytorch_model.safetensors"
    save_file({name: tensor / 5 for name, tensor in load_file(weights).items()}, weights)
    return folder


CASES: list[tuple[Callable[[Path], Path], str, int]] = [
    (classes, "ddp", 0),
    (ldm, "fsdp", 0),
    (dit, "ddp", 0),
    (dit, "fsdp", 0),
    (stable_diffusion, "ddp", 0),
    (stable_diffusion, "fsdp", 4),
    (sdxl, "ddp", 4),
    (sdxl, "fsdp", 0),
    (quiet_sd3, "ddp", 0),
    (quiet_sd3, "ddp", 4),
    (quiet_sd3, "fsdp", 0),
]


@pytest.mark.timeout(600)
def test_two_processes_give_every_familys_gradient(tmp_path: Path) -> None:
    runs = []
    for number, (build, sharding, rank) in enumerate(CASES):
        folder = tmp_path / str(number)
        checkpoint = build(folder / "model")
        settings = run_settings(load_model(checkpoint)) | {"optim__sharding": sharding, "model__lora_rank": rank}
        images = {"unlabeled": 8, "sensitive": 4}
        runs.append(make_run(folder, model=checkpoint, images=images, **settings))  # type: ignore[arg-type]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, "-m", "tests.training.gradients", *(f"{run.path}:1:1" for run in runs)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if "rank0" in line)[-3000:]
    for run, (build, sharding, rank) in zip(runs, CASES, strict=True):
        _, alone = gradient(run, 1, 4)
        together = load_file(run.path / "gradient.safetensors")
        largest = max(value.abs().max().item() for value in alone.values())
        assert largest > 0
        for name in alone.keys() | together.keys():
            one, two = (part.get(name, torch.zeros(())) for part in (alone, together))
            case = f"{build.__name__}, {sharding}, LoRA {rank}: {name}"
            assert (one - two).abs().max().item() <= 1e-5 * largest, case
