"""One process's work on a run: drives the loop's generator, and does between steps what was asked for."""

from __future__ import annotations

import shutil
import statistics
import time
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from training.batches import Batches
from training.checkpoint import (
    CheckpointState,
    is_finite,
    latest_checkpoint,
    list_checkpoints,
    save_checkpoint,
    step_of,
)
from training.device import Precision
from training.divergence import WINDOW, DivergenceWatch, advice
from training.errors import UserError
from training.events import Event, EventLog, LineReader
from training.examples import Examples
from training.families import Condition
from training.loop import StepResult, TrainState, train
from training.parallel import between_steps
from training.preview import sheet, write_png
from training.runs import RunFolder
from training.sample_conditions import conditions_for
from training.sampling import images_at_once, sample_images
from training.spec import RunSpec

if TYPE_CHECKING:
    from training.early_stop import StopAtRate

POINTS = 2000
"""Step events of a run, at most: longer runs report the last step of every few."""
PAUSE_POLL = 0.2
"""Seconds between two looks for commands while paused."""
ASYNC_STEPS = 10
"""Steps between two looks at a GPU's figures, and at commands for several processes: each look waits for the device."""
FIGURES = ("loss", "l_u", "l_s", "l_s_plus", "r", "grad_norm")
GO_ON, STOP, SAMPLE, WAIT = range(4)


class Session:
    """Trains, reports, previews and saves until the run is done, or ends early, or is told to stop.

    Parameters
    ----------
    stop
        Judges previews, on the main process of a run that may end early.
    commands_since
        UNIX seconds before which commands are for an earlier process.
    """

    def __init__(
        self,
        run: RunFolder,
        spec: RunSpec,
        state: TrainState,
        batches: Batches,
        examples: Examples,
        precision: Precision,
        stop: StopAtRate | None,
        log: EventLog,
        commands_since: float,
    ) -> None:
        self.run_folder, self.spec, self.state, self.batches = run, spec, state, batches
        self.examples, self.precision, self.stop, self.log = examples, precision, stop, log
        self.stride = max(1, -(-spec.optim.steps // POINTS))
        self.asynchronous = state.device.type == "cuda"
        self.seconds: deque[float] = deque(maxlen=50)
        """Per step, each measured from look to look: in between, a GPU may be steps behind."""
        self.saved_step = state.step
        self._mark = time.perf_counter()
        self._micro_batch = state.micro_batch
        self._watch = DivergenceWatch()
        self._unseen: list[StepResult] = []
        self._commands = LineReader(run.commands_file)
        self._lines: deque[Event] = deque()
        self._commands_since = commands_since
        self._paused = False

    def run(self) -> None:
        begun = time.monotonic()
        spec, early = self.spec, False
        if self.state.step == 0 and spec.preview.every:
            self.preview()
        if not self.obey():
            return
        self._mark = time.perf_counter()
        for result in train(self.state, self.batches, spec, self.precision):
            last = result.step == spec.optim.steps
            previews = bool(spec.preview.every) and (result.step % spec.preview.every == 0 or last)
            saves = result.step % spec.checkpoint.every == 0 or last
            self._unseen.append(result)
            if not self.asynchronous or previews or saves or len(self._unseen) == ASYNC_STEPS:
                self.look()
            paused = time.perf_counter()
            if previews:
                early = self.preview() and not last
            if saves:
                self.save()
            if early:
                break
            if not last and not self.obey():
                return
            self._mark += time.perf_counter() - paused
        if self.saved_step != self.state.step:
            self.save()
        self.log.emit("finished", step=self.state.step, seconds=time.monotonic() - begun, early=early)

    def look(self) -> None:
        """Report the steps since the last look, and stop where they went wrong.

        Raises
        ------
        UserError
            Training diverged; the last good checkpoint stands.
        """
        results, self._unseen = self._unseen, []
        if results[-1].micro_batch != self._micro_batch:
            self._micro_batch = results[-1].micro_batch
            self.log.emit(
                "warning",
                message=f"The GPU's memory did not suffice, so the network now gets {self._micro_batch} images at a "
                "time; the result is the same, a little slower.",
            )
        fields = [_fields(result) for result in results]
        rows = torch.stack([torch.stack(list(row.values())) for row in fields]).tolist()  # one transfer
        now = time.perf_counter()
        self.seconds.append((now - self._mark) / len(results))
        self._mark = now
        for result, row in zip(results, rows, strict=True):
            figures = dict.fromkeys(FIGURES) | dict(zip(fields[0], row, strict=True))
            if result.step % self.stride == 0 or result.step == self.spec.optim.steps:
                self._report(result, figures)
            problem = self._watch.diverged(figures["l_u"] or 0.0, figures["grad_norm"] or 0.0)
            if problem is not None:
                if not self.state.ranks.main:  # which have the same figures, and leave the telling to the first
                    raise SystemExit(2)
                raise self._diverged(result.step, problem)

    def _report(self, result: StepResult, figures: dict[str, float | None]) -> None:
        pace = statistics.median(self.seconds)
        self.log.emit(
            "step",
            step=result.step,
            **figures,
            learning_rate=result.learning_rate,
            images_per_second=self.spec.optim.batch_size / pace,
            seconds_left=pace * (self.spec.optim.steps - result.step),
        )

    def _diverged(self, step: int, problem: str) -> UserError:
        """Delete the checkpoints of what went wrong, and return what says so."""
        saved = list_checkpoints(self.run_folder)
        # As far back as the watch was still waiting to be sure; the oldest may be good all the same.
        doubtful = [checkpoint for checkpoint in saved if step_of(checkpoint) >= step - WINDOW]
        if doubtful and doubtful == saved and is_finite(saved[0]):
            doubtful = saved[1:]
        for checkpoint in doubtful:
            shutil.rmtree(checkpoint)
        good = latest_checkpoint(self.run_folder)
        back = "nothing was saved before"
        if good is not None:
            back = f"the run is back at step {step_of(good)}, which can be reviewed and exported"
        return UserError(
            f"Training diverged at step {step}: {problem}; {back}. To train further, {advice(self.spec)}.",
            diverged=True,
            kept=None if good is None else step_of(good),
        )

    @property
    def _preview_seeds(self) -> range:
        preview = self.spec.preview
        count = max(preview.count, preview.stop_samples if preview.stop_at is not None else 0)
        return range(preview.seed, preview.seed + count)

    @cached_property  # over all images, and the same at every preview
    def _preview_conditions(self) -> list[Condition] | None:
        return conditions_for(self._preview_seeds, self.examples.condition_values, self.examples.label_names)

    def preview(self) -> bool:
        """Draw samples of the averaged weights; return whether they are good enough to end the run."""
        state, preview = self.state, self.spec.preview
        judged = preview.stop_samples if preview.stop_at is not None else 0
        conditions = self._preview_conditions
        if state.ranks.main or state.sharded:  # parts of a sharded network work together
            with state.ema.applied(), between_steps(state.model.denoiser):
                images = sample_images(
                    state.model,
                    seeds=self._preview_seeds,
                    steps=preview.sampling_steps,
                    device=state.device,
                    conditions=conditions,
                    guidance=preview.guidance,
                    # Processes that work together have to do so in batches of one size.
                    batch_size=images_at_once(state.model) if state.sharded else None,
                )
            state.model.release()
        reached = False
        if state.ranks.main:
            told: dict[str, object] = {}
            if conditions is not None:
                told["conditions"] = conditions[: preview.count]
            if self.stop is not None:
                told["nsr"], told["nsr_interval"] = self.stop.measure(images[:judged], state.step)
                reached = self.stop.reached
            pixels, columns = sheet(images[: preview.count])
            self.run_folder.samples.mkdir(exist_ok=True)
            path = self.run_folder.samples / f"step-{state.step:08d}.png"
            write_png(path, pixels)
            self.log.emit(
                "preview",
                step=state.step,
                path=path.relative_to(self.run_folder.path).as_posix(),
                columns=columns,
                count=preview.count,
                **told,
            )
        return bool(state.ranks.told(reached, state.device))

    def save(self) -> None:
        state = self.state
        if state.ranks.main or state.sharded:
            facts = checkpoint_state(self.spec, state, self.precision)
            path = save_checkpoint(
                self.run_folder, facts, state.model.denoiser, state.ema, state.optimizer, self.spec.checkpoint.keep
            )
            self.log.emit("checkpoint", step=state.step, path=path.relative_to(self.run_folder.path).as_posix())
        self.saved_step = state.step

    def obey(self) -> bool:
        """Do what was asked for since the last look; return whether to go on."""
        ranks = self.state.ranks
        if ranks.size > 1 and self.state.step % ASYNC_STEPS:
            return True
        while True:
            asked = ranks.told(self._asked() if ranks.main else GO_ON, self.state.device)
            if asked != GO_ON and self._unseen:
                self.look()  # before anything of these steps is saved
            if asked == STOP:
                if self.saved_step != self.state.step:
                    self.save()
                self.log.emit("stopped", step=self.state.step)
                return False
            if asked == SAMPLE:
                self.preview()
            elif asked == WAIT:
                time.sleep(PAUSE_POLL)
            else:
                return True

    def _asked(self) -> int:
        """The next thing that a command wants done."""
        self._lines.extend(self._commands)
        while self._lines:
            line = self._lines.popleft()
            if line.get("time", 0.0) < self._commands_since:  # meant for an earlier process
                continue
            match line.get("command"):
                case "stop":
                    return STOP
                case "sample":
                    return SAMPLE
                case "pause" if not self._paused:
                    self._paused = True
                    self.log.emit("paused", step=self.state.step)
                case "resume" if self._paused:
                    self._paused = False
                    self.log.emit("resumed", step=self.state.step)
        return WAIT if self._paused else GO_ON


def checkpoint_state(spec: RunSpec, state: TrainState, precision: Precision) -> CheckpointState:
    """What `state.json` says of the training at its present step."""
    return CheckpointState(
        step=state.step,
        seed=spec.seed,
        precision=precision,
        micro_batch=state.micro_batch,
        ema_updates=state.ema.updates,
        recipe=state.model.recipe(),
        source=spec.model.source,
        config=spec.model.config,
        lora_rank=spec.model.lora_rank,
        lora_alpha=spec.model.lora_alpha,
        sharded=state.sharded,
    )


def _fields(result: StepResult) -> dict[str, torch.Tensor]:
    """The figures that the run's objective has."""
    values = {name: getattr(result.terms, name) for name in FIGURES[:-1]} | {"grad_norm": result.grad_norm}
    return {name: value for name, value in values.items() if value is not None}
