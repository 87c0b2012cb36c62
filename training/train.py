"""The train stage: a run folder in, checkpoints, previews and events out. Starts afresh or goes on where it was."""

from __future__ import annotations

import os
import statistics
import time
from collections import deque
from pathlib import Path

import psutil
import torch

from training.checkpoint import CheckpointState, latest_checkpoint, load_state, save_checkpoint
from training.data import ReadingStoppedError, build_cache
from training.device import Precision, describe, pick_device, pick_precision
from training.errors import UserError
from training.events import EventLog, LineReader
from training.loop import Batches, StepResult, TrainState, train
from training.manifest import read_manifest
from training.networks import build_scheduler, build_unet
from training.pipelines import PixelModel, load_pixel_pipeline
from training.preview import sheet, write_png
from training.runs import RunFolder
from training.sampling import sample_images
from training.spec import RunSpec

POINTS = 2000
"""Step events of a run, at most: longer runs report the last step of every few."""
PAUSE_POLL = 0.2
"""Seconds between two looks for commands while paused."""


def run_training(run: RunFolder, log: EventLog) -> None:
    """Train until the last step or until told to stop.

    Raises
    ------
    UserError
        Bad input, a full disk or divergence, in one sentence.
    """
    commands_since = _last_sign_of_others(run)
    spec = run.spec()
    device = pick_device(spec.device)
    precision = pick_precision(spec, device)
    checkpoint = latest_checkpoint(run)
    saved = None if checkpoint is None else load_state(checkpoint)
    if saved is not None:
        precision = "bf16" if saved.precision == "bf16" else "float32"
    log.emit(
        "started",
        stage="train",
        pid=os.getpid(),
        step=0 if saved is None else saved.step,
        steps=spec.optim.steps,
        device=describe(device),
        precision=precision,
    )
    source = starting_model(spec)
    commands = LineReader(run.commands_file)
    try:
        cache = build_cache(
            run.cache, spec, read_manifest(run.manifest_file), log, lambda: _stop_asked(commands, commands_since)
        )
    except ReadingStoppedError:
        log.emit("stopped", step=0 if saved is None else saved.step)
        return
    batches = Batches(cache, spec)
    state = TrainState(source.unet, spec.optim, device)
    if checkpoint is not None:
        state.resume(checkpoint)
    try:
        _Session(run, spec, source, state, batches, precision, log, commands_since).run()
    except torch.OutOfMemoryError:
        raise UserError(
            f"The GPU has not enough free memory for batches of {spec.optim.batch_size} images; close other programs, "
            "or start a run with a smaller batch size."
        ) from None


def starting_model(spec: RunSpec) -> PixelModel:
    """The model that training starts from, checked against the spec.

    Raises
    ------
    UserError
        The folder is no usable model, or is of another image size or channel count.
    """
    if spec.model.source == "scratch":
        return PixelModel(build_unet(spec), build_scheduler(spec), "DDPMPipeline")
    model = load_pixel_pipeline(Path(spec.model.source))
    if model.image_size != spec.data.image_size:
        raise UserError(
            f"The model makes images of {model.image_size} × {model.image_size} pixels and the run is set to "
            f"{spec.data.image_size}; set the image size to {model.image_size}."
        )
    if model.channels != spec.data.channels:
        raise UserError(
            f"The model has {model.channels} colour channel{'s' if model.channels > 1 else ''} and the run is set to "
            f"{spec.data.channels}; set data.channels to {model.channels}."
        )
    return model


class _Session:
    """One process's work on a run: drives the loop's generator, and does between steps what was asked for."""

    def __init__(
        self,
        run: RunFolder,
        spec: RunSpec,
        source: PixelModel,
        state: TrainState,
        batches: Batches,
        precision: Precision,
        log: EventLog,
        commands_since: float,
    ) -> None:
        self.run_folder, self.spec, self.source, self.state = run, spec, source, state
        self.batches, self.precision, self.log = batches, precision, log
        self.stride = max(1, -(-spec.optim.steps // POINTS))
        self.seconds: deque[float] = deque(maxlen=50)
        self.saved_step = state.step
        self._commands = LineReader(run.commands_file)
        self._commands_since = commands_since

    def run(self) -> None:
        begun = time.monotonic()
        if self.state.step == 0 and self.spec.preview.every:
            self.preview()
        if not self.obey():
            return
        mark = time.perf_counter()
        for result in train(self.state, self.source.scheduler, self.batches, self.spec, self.precision):
            self.seconds.append(time.perf_counter() - mark)
            last = result.step == self.spec.optim.steps
            if result.step % self.stride == 0 or last:
                self.report(result)
            if self.spec.preview.every and (result.step % self.spec.preview.every == 0 or last):
                self.preview()
            if result.step % self.spec.checkpoint.every == 0 or last:
                self.save()
            if not last and not self.obey():
                return
            mark = time.perf_counter()
        if self.saved_step != self.state.step:
            self.save()
        self.log.emit("finished", step=self.state.step, seconds=time.monotonic() - begun)

    def report(self, result: StepResult) -> None:
        pace = statistics.median(self.seconds)
        terms = result.terms
        self.log.emit(
            "step",
            step=result.step,
            loss=terms.loss.item(),
            l_u=terms.l_u.item(),
            l_s=_item(terms.l_s),
            l_s_plus=_item(terms.l_s_plus),
            r=_item(terms.r),
            learning_rate=result.learning_rate,
            grad_norm=result.grad_norm.item(),
            images_per_second=self.spec.optim.batch_size / pace,
            seconds_left=pace * (self.spec.optim.steps - result.step),
        )

    def preview(self) -> None:
        preview = self.spec.preview
        images = sample_images(
            self.state.ema_unet,
            self.source.scheduler,
            seeds=range(preview.seed, preview.seed + preview.count),
            steps=preview.sampling_steps,
            device=self.state.device,
        )
        pixels, columns = sheet(images)
        self.run_folder.samples.mkdir(exist_ok=True)
        path = self.run_folder.samples / f"step-{self.state.step:08d}.png"
        write_png(path, pixels)
        self.log.emit(
            "preview",
            step=self.state.step,
            path=path.relative_to(self.run_folder.path).as_posix(),
            columns=columns,
            count=preview.count,
        )

    def save(self) -> None:
        scheduler = self.source.scheduler
        state = CheckpointState(
            step=self.state.step,
            seed=self.spec.seed,
            precision=self.precision,
            pipeline=self.source.pipeline,
            unet_config=_plain(self.state.unet.config),
            scheduler_class=type(scheduler).__name__,
            scheduler_config=_plain(scheduler.config),
        )
        path = save_checkpoint(
            self.run_folder,
            state,
            self.state.unet,
            self.state.ema_unet,
            self.state.optimizer,
            self.spec.checkpoint.keep,
        )
        self.saved_step = self.state.step
        self.log.emit("checkpoint", step=self.state.step, path=path.relative_to(self.run_folder.path).as_posix())

    def obey(self) -> bool:
        """Do what was asked for since the last look; return whether to go on."""
        paused = False
        while True:
            for line in self._commands:
                if line.get("time", 0.0) < self._commands_since:  # meant for an earlier process
                    continue
                match line.get("command"):
                    case "stop":
                        if self.saved_step != self.state.step:
                            self.save()
                        self.log.emit("stopped", step=self.state.step)
                        return False
                    case "sample":
                        self.preview()
                    case "pause" if not paused:
                        paused = True
                        self.log.emit("paused", step=self.state.step)
                    case "resume" if paused:
                        paused = False
                        self.log.emit("resumed", step=self.state.step)
            if not paused:
                return True
            time.sleep(PAUSE_POLL)


def _stop_asked(commands: LineReader, since: float) -> bool:
    return any(line.get("command") == "stop" and line.get("time", 0.0) >= since for line in commands)


def _last_sign_of_others(run: RunFolder) -> float:
    """UNIX seconds before which commands are for an earlier process.

    A process's start may be told a second too early: a stop that ended the process before must not end this one too.
    """
    born = psutil.Process().create_time()
    last_words = max((event.get("time", 0.0) for event in run.events()), default=0.0)
    return max(born, last_words) if last_words <= time.time() else born  # a clock may have been set back


def _item(value: torch.Tensor | None) -> float | None:
    return None if value is None else value.item()


def _plain(config: object) -> dict[str, object]:
    return {key: value for key, value in dict(config).items() if not key.startswith("_")}  # type: ignore[call-overload]
