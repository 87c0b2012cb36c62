"""Training a tiny real model: what a run leaves behind, how it stops, and that a killed run loses nothing."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file

from tests.training.builders import killed_once, make_run, tiny_model
from training import checkpoint as checkpoint_module
from training.__main__ import _logged, main
from training.checkpoint import latest_checkpoint, list_checkpoints, load_model, load_state, load_weights
from training.errors import UserError
from training.events import Event, EventLog, LineReader, send_command
from training.families import load_model as load_base
from training.families.pixel import PixelModel
from training.images import Square, read_square
from training.loop import learning_rate
from training.runs import RunFolder, engine_command
from training.sampling import sample_images
from training.spec import OptimSpec
from training.train import run_training


def train_here(run: RunFolder) -> list[Event]:
    run.claim()
    run_training(run, EventLog(run.events_file))
    return run.events()


def kinds(events: list[Event]) -> list[str]:
    return [event["event"] for event in events]


@pytest.mark.parametrize("kind", ["pu", "pnu", "supervised", "unsupervised"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_every_objective_changes_the_weights_and_stays_finite(tmp_path: Path, kind: str, reduction: str) -> None:
    run = make_run(
        tmp_path,
        images={"unlabeled": 16, "sensitive": 4, "normal": 4},
        objective__kind=kind,
        objective__reduction=reduction,
        objective__positive_weight=1.0,
    )
    events = train_here(run)
    steps = [event for event in events if event["event"] == "step"]
    assert [event["step"] for event in steps] == [1, 2, 3, 4, 5, 6]
    assert all(np.isfinite(event["loss"]) for event in steps)
    assert (steps[0]["r"] is not None) == (kind in ("pu", "pnu"))
    assert run.state() == "finished"
    weights = load_weights(latest_checkpoint(run), "raw")
    base = load_file(tmp_path / "base" / "unet" / "diffusion_pytorch_model.safetensors")
    assert any(not torch.equal(weights[name], base[name]) for name in base)


def test_scratch_learns_the_bright_from_the_dark(tmp_path: Path) -> None:
    """120 steps from scratch on dark noise with the bright images sensitive: samples come out dark."""
    run = make_run(
        tmp_path,
        images={"unlabeled": 40, "sensitive": 8},
        model__source="scratch",
        model__train_timesteps=100,
        optim__steps=120,
        optim__learning_rate=3e-3,
        optim__batch_size=16,
        checkpoint__every=120,
        optim__ema_decay=0.9,
    )
    train_here(run)
    model = load_model(latest_checkpoint(run))
    images = sample_images(model, seeds=range(16), steps=20, device=torch.device("cpu"))
    assert abs(images.mean() - 60) < 25


def test_a_run_leaves_previews_and_keeps_the_last_checkpoints(tmp_path: Path) -> None:
    run = make_run(tmp_path, preview__every=3, preview__count=5, preview__sampling_steps=2, checkpoint__keep=2)
    events = train_here(run)
    assert [path.name for path in list_checkpoints(run)] == ["step-00000004", "step-00000006"]
    previews = [event for event in events if event["event"] == "preview"]
    assert [event["step"] for event in previews] == [0, 3, 6]
    with Image.open(run.path / previews[0]["path"]) as image:
        assert image.size == (24, 16)  # five images in three columns
    assert kinds(events)[-1] == "finished"


def test_previews_do_not_change_the_outcome(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "m")
    plain = make_run(tmp_path / "a", model=model)
    watched = make_run(tmp_path / "b", model=model, preview__every=1, preview__count=2, preview__sampling_steps=2)
    for run in (plain, watched):
        train_here(run)
    assert_same_weights(plain, watched)


def test_killed_at_a_random_step_and_resumed_equals_never_killed(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "m")
    settings = {"optim__steps": 60, "checkpoint__every": 7, "optim__batch_size": 16}
    whole = make_run(tmp_path / "whole", model=model, **settings)
    killed = make_run(tmp_path / "killed", model=model, **settings)
    finish(whole)
    steps = sorted(random.sample(range(8, 55), 2))
    for step in steps:
        kill_at(killed, step)
        assert killed.state() == "interrupted"
    finish(killed)
    resumed_from = [event["step"] for event in killed.events() if event["event"] == "started"]
    assert resumed_from[0] == 0 and all(step > 0 for step in resumed_from[1:]), f"killed at {steps}"
    assert_same_weights(whole, killed)


def test_pause_resume_and_stop(tmp_path: Path) -> None:
    run = make_run(tmp_path, optim__steps=2000, checkpoint__every=2000)
    send_command(run.path, "pause")

    def answer() -> None:
        reader, seen = LineReader(run.events_file), []
        while "stopped" not in seen:
            for event in reader:
                seen.append(event["event"])
                if event["event"] == "paused":
                    send_command(run.path, "resume")
                if event["event"] == "step" and event["step"] == 5:
                    send_command(run.path, "stop")

    follower = threading.Thread(target=answer)
    follower.start()
    events = train_here(run)
    follower.join()
    assert kinds(events)[:4] == ["started", "progress", "preflight", "paused"]
    assert kinds(events)[-2:] == ["checkpoint", "stopped"]
    stopped_at = events[-1]["step"]
    assert latest_checkpoint(run).name == f"step-{stopped_at:08d}"
    assert 5 <= stopped_at < 2000 and run.state() == "stopped"


def test_stop_while_the_images_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, read = make_run(tmp_path), []

    def stopped_at_the_third(path: Path, size: int, channels: int) -> Square:
        read.append(path)
        if len(read) == 3:
            send_command(run.path, "stop")
        return read_square(path, size, channels)

    monkeypatch.setattr("training.decoding.os.cpu_count", lambda: 1)
    monkeypatch.setattr("training.decoding.read_square", stopped_at_the_third)
    events = train_here(run)
    assert kinds(events) == ["started", "stopped"] and events[-1]["step"] == 0
    assert list(run.cache.iterdir()) == []
    assert kinds(train_here(run))[-1] == "finished"


def test_commands_for_an_earlier_process_are_void(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.commands_file.write_text(json.dumps({"time": 1.0, "command": "stop"}) + "\n")
    assert kinds(train_here(run))[-1] == "finished"


def test_a_run_stopped_a_moment_ago_can_go_on(tmp_path: Path) -> None:
    """Also where the system tells the start of the second process a second too early, before the first was stopped."""
    run = make_run(tmp_path)
    send_command(run.path, "stop")
    assert kinds(train_here(run))[-1] == "stopped"
    assert kinds(train_here(run))[-1] == "finished"


def test_a_run_that_loads_torch_is_taken_already(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", *engine_command("train", run.path)[1:]], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        assert line.split("|")[-1].strip() != "torch", "torch was loaded before the run was claimed"
        if run.worker() == process.pid:
            break
    else:
        pytest.fail("the run was never claimed")
    process.kill()
    process.communicate()


def test_too_little_memory_of_the_gpu_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("training.session.train", full)
    with pytest.raises(UserError, match=r"The GPU ran out of memory; .* smaller optim\.micro_batch"):
        train_here(make_run(tmp_path))


def test_a_full_gpu_halves_the_micro_batch_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the memory sufficed for three images: the weights are those of a run with room for all."""
    model = tiny_model(tmp_path / "m")
    roomy, tight = (make_run(tmp_path / name, model=model) for name in ("roomy", "tight"))
    train_here(roomy)
    real, sizes = PixelModel.predict, []

    def little_memory(self: PixelModel, network: torch.nn.Module, noisy: torch.Tensor, *rest: object) -> torch.Tensor:
        if len(noisy) > 3 and torch.is_grad_enabled():
            raise torch.OutOfMemoryError("CUDA out of memory")
        sizes.append(len(noisy))
        return real(self, network, noisy, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(PixelModel, "predict", little_memory)
    events = train_here(tight)
    [warning] = [event for event in events if event["event"] == "warning"]
    assert "the network now gets 2 images at a time" in warning["message"]
    assert kinds(events)[-1] == "finished" and max(sizes[-8:]) == 2
    for which in ("raw", "ema"):
        ours, theirs = (load_weights(latest_checkpoint(run), which) for run in (tight, roomy))
        assert max((ours[name] - theirs[name]).abs().max().item() for name in ours) < 1e-5


def test_a_run_ends_early_once_its_previews_are_good_enough(tmp_path: Path) -> None:
    run = make_run(
        tmp_path,
        images={"unlabeled": 60, "sensitive": 30},
        optim__steps=40,
        preview__every=2,
        preview__count=2,
        preview__sampling_steps=2,
        preview__stop_at=0.01,
        preview__stop_samples=16,
    )
    events = train_here(run)
    previews = [event for event in events if event["event"] == "preview"]
    assert all(0 <= event["nsr"] <= 1 for event in previews)
    reached = [event["step"] for event in previews if event["nsr"] >= 0.01]
    assert events[-1]["event"] == "finished" and events[-1]["early"] is True
    assert reached[-2:] == [events[-1]["step"] - 2, events[-1]["step"]]
    assert latest_checkpoint(run).name == f"step-{events[-1]['step']:08d}"


def test_divergence_is_told_and_the_last_checkpoint_stays_good(tmp_path: Path) -> None:
    run = make_run(tmp_path, optim__steps=400, optim__learning_rate=1e30, optim__warmup_steps=0, optim__grad_clip=1e30)
    with pytest.raises(UserError, match=r"Training diverged at step .*start a new run with .* rate of 3e\+29") as told:
        train_here(run)
    checkpoint = latest_checkpoint(run)
    kept = None if checkpoint is None else load_state(checkpoint).step
    assert told.value.facts == {"diverged": True, "kept": kept}
    if checkpoint is not None:
        assert all(torch.isfinite(t).all() for t in load_weights(checkpoint, "raw").values())


@pytest.mark.parametrize(
    ("stage", "work"),
    [("prior", "prior.estimate_prior"), ("evaluate", "evaluate.evaluate"), ("export", "export.export")],
)
def test_a_gpu_that_another_run_fills_is_one_sentence_in_any_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, work: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(f"training.{work}", full)
    run = make_run(tmp_path)
    assert main([stage, str(run.path), *([str(tmp_path / "out")] if stage == "export" else [])]) == 2
    told = run.events()[-1]
    assert told["event"] == "failed" and "not enough free memory" in told["message"] and "traceback" not in told


def test_programs_are_told_of_a_failure_what_people_are_told_in_words(tmp_path: Path) -> None:
    run = make_run(tmp_path)

    def work(log: EventLog) -> None:
        raise UserError("Training diverged.", diverged=True, kept=4)

    with pytest.raises(UserError):
        _logged(run, work)
    assert run.events()[-1].items() >= {"event": "failed", "message": "Training diverged.", "kept": 4}.items()


def test_samples_are_drawn_in_smaller_batches_where_memory_runs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_base(tiny_model(tmp_path))
    settings = {"seeds": range(7), "steps": 2, "device": torch.device("cpu")}
    roomy = sample_images(model, **settings)  # type: ignore[arg-type]
    real, done = PixelModel.predict, []

    def little_memory(self: PixelModel, network: torch.nn.Module, noisy: torch.Tensor, *rest: object) -> torch.Tensor:
        if len(noisy) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, network, noisy, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(PixelModel, "predict", little_memory)
    model.denoiser.train()
    tight = sample_images(model, **settings, progress=lambda *told: done.append(told))  # type: ignore[arg-type]
    assert np.abs(tight.astype(int) - roomy).max() <= 1 and model.denoiser.training
    assert done == [(2, 7), (4, 7), (6, 7), (7, 7)]
    with pytest.raises(torch.OutOfMemoryError):  # a batch that was asked for is kept
        sample_images(model, **settings, batch_size=4)  # type: ignore[arg-type]
    assert model.denoiser.training


def test_divergence_keeps_the_oldest_checkpoint_where_all_are_young(tmp_path: Path) -> None:
    """With a checkpoint every two steps all of them lie within what the watch waits for; the first is sound."""
    run = make_run(tmp_path, checkpoint__keep=2, optim__steps=6)
    watch = iter([None, None, None, None, "the loss is no longer a finite number"])
    with pytest.MonkeyPatch.context() as patched, pytest.raises(UserError, match="the run is back at step 2, which"):
        patched.setattr("training.session.DivergenceWatch.diverged", lambda *_: next(watch))
        train_here(run)
    assert [path.name for path in list_checkpoints(run)] == ["step-00000002"]
    assert kinds(train_here(run))[-1] == "finished"


def test_full_disk_at_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path)
    real_save, calls = checkpoint_module.save_file, []

    def full_at_the_second(tensors: dict[str, torch.Tensor], path: Path) -> None:
        calls.append(path)
        if len(calls) > 4:
            raise SafetensorError("I/O error: No space left on device (os error 28)")
        real_save(tensors, path)

    monkeypatch.setattr(checkpoint_module, "save_file", full_at_the_second)
    with pytest.raises(UserError, match="The disk is full, so the checkpoint of step 4"):
        train_here(run)
    assert [path.name for path in list_checkpoints(run)] == ["step-00000002"]
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-00000002"]
    monkeypatch.setattr(checkpoint_module, "save_file", real_save)
    assert kinds(train_here(run))[-1] == "finished"


@pytest.mark.parametrize("scheduler", ["DDPMPipeline", "DDIMPipeline"])
def test_a_sample_depends_on_its_own_seed_alone(tmp_path: Path, scheduler: str) -> None:
    model = load_base(tiny_model(tmp_path, pipeline=scheduler))
    settings = {"steps": 5, "device": torch.device("cpu")}
    together = sample_images(model, seeds=[7, 8, 9], **settings)
    alone = sample_images(model, seeds=[9], **settings)
    assert np.abs(together[2].astype(int) - alone[0].astype(int)).max() <= 1
    assert not np.array_equal(together[0], together[1])


def test_learning_rate_warms_up_and_decays_to_nothing() -> None:
    spec = OptimSpec(steps=100, warmup_steps=10, learning_rate=1.0)
    rates = [learning_rate(step, spec) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 11) and rates[9] == pytest.approx(10 / 11) and rates[10] == 1.0
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.001
    assert all(learning_rate(0, OptimSpec(steps=n, warmup_steps=500)) > 0 for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda run: run.manifest_file.unlink(), "has no manifest.jsonl"),
        (lambda run: run.spec_file.write_text('{"version": 9}'), "newer version"),
        (lambda run: run.spec_file.unlink(), "is not a run folder"),
    ],
)
def test_the_command_ends_with_two_and_one_sentence(tmp_path: Path, break_it: object, sentence: str) -> None:
    run = make_run(tmp_path)
    break_it(run)  # type: ignore[operator]
    done = subprocess.run(engine_command("train", run.path), capture_output=True, text=True)
    assert done.returncode == 2
    assert sentence in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stdout


def finish(run: RunFolder) -> None:
    subprocess.run(engine_command("train", run.path), check=True)


def kill_at(run: RunFolder, step: int) -> None:
    """Start the run's engine and kill it as soon as it has told of `step`."""
    killed_once("train", run, lambda event: event["event"] == "step" and event["step"] >= step)


def assert_same_weights(one: RunFolder, two: RunFolder) -> None:
    for which in ("raw", "ema"):
        left, right = (load_weights(latest_checkpoint(run), which) for run in (one, two))
        assert left.keys() == right.keys()
        different = [name for name in left if not torch.equal(left[name], right[name])]
        assert not different, f"{len(different)} {which} tensors differ, such as {different[:3]}"


def test_python_can_find_the_engine() -> None:
    assert engine_command("train", Path("x")) == [sys.executable, "-P", "-m", "training", "train", "x"]
