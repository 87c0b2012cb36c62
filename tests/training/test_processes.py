"""Several processes on one run folder, as torchrun and accelerate launch start them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.conftest import REPOSITORY
from tests.training.builders import make_run, tiny_model
from training.checkpoint import latest_checkpoint, load_model, load_state, load_weights
from training.errors import UserError
from training.events import EventLog
from training.ranks import Ranks
from training.runs import RunFolder, engine_command
from training.sampling import sample_images
from training.spec import RunSpec, with_settings
from training.train import check_batch, run_training

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
ACCELERATE = (
    *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"),
    *("--mixed_precision", "no", "--dynamo_backend", "no"),
)
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def launch(launcher: tuple[str, ...], run: RunFolder) -> subprocess.CompletedProcess[str]:
    port = ("--main_process_port", free_port()) if launcher is ACCELERATE else ()
    command = [sys.executable, *launcher, *port, "-m", "training", "train", str(run.path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY, env=ENVIRONMENT)


def alone(run: RunFolder) -> None:
    run_training(run, EventLog(run.events_file))


def settings(run: RunFolder, **changes: object) -> None:
    spec: RunSpec = with_settings(run.spec(), {key.replace("__", "."): value for key, value in changes.items()})
    spec.save(run.spec_file)


def assert_close(one: RunFolder, two: RunFolder) -> None:
    for which in ("raw", "ema"):
        left, right = (load_weights(latest_checkpoint(run), which) for run in (one, two))  # type: ignore[arg-type]
        assert left.keys() == right.keys()
        assert max((left[name] - right[name]).abs().max().item() for name in left) < 1e-5


@pytest.mark.parametrize("launcher", [TORCHRUN, ACCELERATE], ids=["torchrun", "accelerate"])
def test_two_processes_train_what_one_trains(tmp_path: Path, launcher: tuple[str, ...]) -> None:
    model = tiny_model(tmp_path / "m")
    one = make_run(tmp_path / "one", model=model, preview__every=3, preview__count=4, preview__sampling_steps=2)
    two = make_run(tmp_path / "two", model=model, preview__every=3, preview__count=4, preview__sampling_steps=2)
    alone(one)
    done = launch(launcher, two)
    assert done.returncode == 0, done.stderr[-3000:]
    events = [event["event"] for event in two.events()]
    assert (events.count("started"), events.count("finished"), events.count("preview")) == (1, 1, 3)
    assert [event["step"] for event in two.events() if event["event"] == "step"] == [1, 2, 3, 4, 5, 6]
    assert "2 processes" in two.events()[0]["device"]
    told = done.stdout.splitlines()
    assert told[0].startswith("Training from step 0 of 6 on") and told[-1].startswith("Finished at step 6")
    assert len([line for line in told if line.startswith("Step ")]) == 6, "one process speaks for both"
    assert_close(one, two)


def test_a_sharded_run_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    """Four steps by two processes that hold half of the model each, the rest by one; then a sample of it."""
    model = tiny_model(tmp_path / "m")
    whole = make_run(tmp_path / "whole", model=model)
    parts = make_run(
        tmp_path / "parts",
        model=model,
        optim__sharding="fsdp",
        preview__every=2,
        preview__count=2,
        preview__sampling_steps=2,
    )
    alone(whole)
    done = launch(TORCHRUN, parts)
    assert done.returncode == 0, done.stderr[-3000:]
    checkpoint = latest_checkpoint(parts)
    assert checkpoint is not None and load_state(checkpoint).sharded
    assert len(list((checkpoint / "model").glob("*.safetensors"))) == 2
    assert not [path for path in checkpoint.rglob("*") if path.suffix not in ("", ".safetensors", ".json")]
    assert_close(whole, parts)
    images = sample_images(load_model(checkpoint), seeds=[1, 2], steps=3, device=torch.device("cpu"))
    assert images.shape == (2, 1, 8, 8)

    shutil.rmtree(checkpoint)  # back at step 4
    alone(parts)
    assert not load_state(latest_checkpoint(parts)).sharded  # type: ignore[arg-type]
    assert_close(whole, parts)
    shutil.rmtree(latest_checkpoint(parts))  # type: ignore[arg-type]
    done = launch(TORCHRUN, parts)
    assert done.returncode == 0, done.stderr[-3000:]
    assert_close(whole, parts)


def test_processes_with_different_settings_are_told_so(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "m")
    runs = [make_run(tmp_path / name, model=model) for name in ("one", "two")]
    settings(runs[1], optim__learning_rate=1e-3)
    port = free_port()
    processes = [
        subprocess.Popen(
            engine_command("train", run.path),
            stderr=subprocess.PIPE,
            text=True,
            env={
                **ENVIRONMENT,
                **{"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"},
                **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port},
            },
        )
        for rank, run in enumerate(runs)
    ]
    sentences = [process.communicate(timeout=120)[1].strip() for process in processes]
    assert [process.returncode for process in processes] == [2, 2]
    assert "have different settings or images; give all of them the same run folder" in sentences[0]


def test_a_batch_smaller_than_the_number_of_processes(tmp_path: Path) -> None:
    run = make_run(tmp_path, optim__batch_size=8)
    with pytest.raises(UserError, match="A batch of 8 images cannot be split over 9 processes"):
        check_batch(run.spec(), Ranks(0, 9))
