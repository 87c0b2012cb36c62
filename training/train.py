"""The train stage: a run folder in, checkpoints, previews and events out. Starts afresh or goes on where it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from training import optimizer as optimizers
from training.arithmetic import enable_gradient_checkpointing
from training.batches import Batches
from training.checkpoint import latest_checkpoint, load_state
from training.commands import last_sign_of_others
from training.compiled import compiled
from training.conditions import class_count
from training.data import ReadingStoppedError
from training.device import Precision, describe, pick_device, pick_precision
from training.errors import UserError
from training.events import EventLog, LineReader
from training.examples import Examples, prepare_examples
from training.families import DiffusionModel
from training.loop import TrainState
from training.manifest import ManifestEntry, read_manifest
from training.preflight import choose_micro_batch
from training.ranks import Ranks, join, leave
from training.runs import RunFolder
from training.session import Session
from training.spec import RunSpec
from training.start import starting_model


def run_training(run: RunFolder, log: EventLog) -> None:
    """Train until the last step or until told to stop; with other processes where a launcher started several.

    Raises
    ------
    UserError
        Bad input, a full disk, too little memory or divergence, in one sentence.
    """
    device = pick_device(run.spec().device)
    _run(run, log, device, join(device))
    leave()  # not after a failure: NCCL would wait for the others, which wait for this one


@dataclass(frozen=True, slots=True)
class _Prepared:
    spec: RunSpec
    entries: Sequence[ManifestEntry]
    model: DiffusionModel
    examples: Examples
    precision: Precision


def _run(run: RunFolder, log: EventLog, device: torch.device, ranks: Ranks) -> None:
    commands_since = last_sign_of_others(run)
    spec = run.spec()
    _check_processes(run, spec, ranks)
    checkpoint = latest_checkpoint(run)
    saved = None if checkpoint is None else load_state(checkpoint)
    step = 0 if saved is None else saved.step
    precision = pick_precision(spec, device)
    if saved is not None:
        precision = "bf16" if saved.precision == "bf16" else "float32"
    log.emit(
        "started",
        stage="train",
        pid=os.getpid(),
        step=step,
        steps=spec.optim.steps,
        device=describe(device) + (f", {ranks.size} processes" if ranks.size > 1 else ""),
        precision=precision,
    )
    commands = LineReader(run.commands_file)

    def stopped() -> bool:  # the others do not look: they do as the main process did
        return ranks.main and _stop_asked(commands, commands_since)

    prepared = ranks.main_first(lambda: _prepare(run, spec, device, precision, log, stopped))
    if prepared is None:
        log.emit("stopped", step=step)
        return
    try:
        session = _session(run, prepared, device, ranks, log, checkpoint, commands_since)
        session.run()
    except torch.OutOfMemoryError:
        raise UserError(
            "The GPU ran out of memory; close other programs, or start a run with a smaller optim.micro_batch, with "
            "gradient checkpointing (model.gradient_checkpointing) or with LoRA (model.lora_rank)."
        ) from None


def _prepare(
    run: RunFolder,
    spec: RunSpec,
    device: torch.device,
    precision: Precision,
    log: EventLog,
    stopped: Callable[[], bool],
) -> _Prepared | None:
    """All that can go wrong with the input, before any step is taken; ``None`` where it was told to stop."""
    optimizers.check(spec.optim, device)
    entries = read_manifest(run.manifest_file)
    model = starting_model(spec, class_count(spec, entries) if spec.model.source == "scratch" else 0)
    if spec.model.lora_rank:
        from training.lora import add_adapters  # loading peft takes seconds

        add_adapters(model, spec.model.lora_rank, spec.model.lora_alpha, spec.seed)
    if spec.model.gradient_checkpointing:
        enable_gradient_checkpointing(model.denoiser)
    try:
        examples = prepare_examples(run.cache, spec, entries, model, device, log, stopped)
    except ReadingStoppedError:
        return None
    return _Prepared(spec, entries, model, examples, precision)


def _session(
    run: RunFolder,
    prepared: _Prepared,
    device: torch.device,
    ranks: Ranks,
    log: EventLog,
    checkpoint: Path | None,
    commands_since: float,
) -> Session:
    spec, model = prepared.spec, prepared.model
    batches = Batches(prepared.examples, model, spec)
    stop = None
    if spec.preview.stop_at is not None and ranks.main:
        from training.early_stop import StopAtRate  # loading scikit-learn takes a second

        stop = StopAtRate(run, spec, prepared.entries, log)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32; ℓ itself is elementwise and stays exact
    micro_batch = choose_micro_batch(model, spec, device, prepared.precision, prepared.examples, ranks, log)
    state = TrainState(model, spec.optim, device, ranks, micro_batch)
    if spec.model.compile:
        state.network = compiled(state.network, log)
    if checkpoint is not None:
        state.resume(checkpoint)
    return Session(run, spec, state, batches, prepared.examples, prepared.precision, stop, log, commands_since)


def _check_processes(run: RunFolder, spec: RunSpec, ranks: Ranks) -> None:
    ranks.require_same(
        run.spec_file.read_bytes() + (run.manifest_file.read_bytes() if run.manifest_file.exists() else b""),
        "The processes of this run have different settings or images; give all of them the same run folder.",
    )
    check_batch(spec, ranks)
    if ranks.size > 1 and spec.optim.sharding == "fsdp" and spec.optim.optimizer != "adamw":
        raise UserError("An 8-bit optimizer cannot be spread over processes; set optim.optimizer to adamw.")


def check_batch(spec: RunSpec, ranks: Ranks) -> None:
    """Refuse a batch that leaves a process without an image."""
    if spec.optim.batch_size < ranks.size:
        raise UserError(
            f"A batch of {spec.optim.batch_size} images cannot be split over {ranks.size} processes; raise "
            "optim.batch_size or start fewer of them."
        )


def _stop_asked(commands: LineReader, since: float) -> bool:
    return any(line.get("command") == "stop" and line.get("time", 0.0) >= since for line in commands)
