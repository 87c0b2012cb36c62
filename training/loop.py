"""The training loop: a generator that yields the state after each step, and nothing else.

The caller logs, previews, pauses, saves or stops between steps. Per-step randomness (images, timesteps, noise, flips,
dropout) follows from the run's seed and the step, so a run that was killed and resumed equals one that was not; and a
step's gradient is that of its whole batch, however that is split into micro-batches and over processes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from training import optimizer as optimizers
from training.arithmetic import attention, layout
from training.batches import Batch, Batches
from training.checkpoint import restore
from training.device import Precision
from training.ema import Ema
from training.errors import UserError
from training.families import DiffusionModel
from training.objective import Terms, image_losses, loss_weights, pnu_terms, pu_terms, supervised_terms
from training.parallel import replicate, shard, synchronised
from training.ranks import Ranks
from training.spec import OptimSpec, RunSpec


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step did. Tensors are detached scalars, possibly still being computed on a GPU."""

    step: int
    """Steps done, this one included."""
    terms: Terms
    grad_norm: Tensor
    """L2 norm before clipping."""
    learning_rate: float
    micro_batch: int
    """Images that went through the network at once."""


class TrainState:
    """Everything that a step changes: trained parameters, their average, optimizer, and how many steps are done.

    Parameters
    ----------
    model
        Its denoiser is moved to `device` and, with several processes, spread over them.
    micro_batch
        Images that go through the network at once, at most, on each process.
    """

    def __init__(
        self, model: DiffusionModel, spec: OptimSpec, device: torch.device, ranks: Ranks, micro_batch: int
    ) -> None:
        self.model, self.device, self.ranks = model, device, ranks
        sharded = ranks.size > 1 and spec.sharding == "fsdp"
        denoiser = model.denoiser.train()
        if sharded:
            shard(denoiser, model.called_from_outside, device, ranks)
        else:
            denoiser.to(device).to(memory_format=layout(device))  # FSDP splits contiguous weights only
        self.network: nn.Module = denoiser
        if ranks.size > 1 and not sharded:
            self.network = replicate(denoiser, device)
        self.parameters = {name: value for name, value in denoiser.named_parameters() if value.requires_grad}
        self.optimizer = optimizers.build(self.parameters.values(), spec)  # may change how the weights lie in memory
        self.ema = Ema(self.parameters, spec.ema_decay)
        self.sharded = sharded
        self.micro_batch = micro_batch
        self.step = 0

    def resume(self, checkpoint: Path) -> None:
        """Go on from a checkpoint folder."""
        state = restore(checkpoint, self.model.denoiser, self.ema, self.optimizer)
        self.step, self.micro_batch = state.step, min(self.micro_batch, state.micro_batch)


def train(state: TrainState, batches: Batches, spec: RunSpec, precision: Precision) -> Iterator[StepResult]:
    """Take ``spec.optim.steps - state.step`` steps, yielding after each.

    Where a GPU's memory does not suffice for a micro-batch, the step is taken again with half of it.

    Raises
    ------
    UserError
        The memory does not suffice for a single image.
    """
    while state.step < spec.optim.steps:
        rate = learning_rate(state.step, spec.optim)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        batch = batches(state.step, state.device, state.ranks)
        with attention(state.device, precision):
            terms = _gradient_that_fits(state, batch, batches, spec, precision)
        norm = _clipped(list(state.parameters.values()), spec.optim.grad_clip)
        state.optimizer.step()
        state.optimizer.zero_grad(set_to_none=True)
        state.ema.update()
        state.step += 1
        yield StepResult(state.step, terms, norm, rate, state.micro_batch)


def _gradient_that_fits(
    state: TrainState, batch: Batch, batches: Batches, spec: RunSpec, precision: Precision
) -> Terms:
    while True:
        try:
            return accumulate_gradient(state, batch, batches, spec, precision)
        except torch.OutOfMemoryError:
            if state.ranks.size > 1:  # the others are already waiting for this one's gradient
                raise
            if state.micro_batch == 1:
                raise UserError(
                    "The GPU has not enough free memory for a single image; close other programs, or start a run with "
                    "gradient checkpointing (model.gradient_checkpointing) or LoRA."
                ) from None
        state.micro_batch = -(-state.micro_batch // 2)
        state.optimizer.zero_grad(set_to_none=True)
        if state.device.type == "cuda":
            torch.cuda.empty_cache()


def accumulate_gradient(
    state: TrainState, batch: Batch, batches: Batches, spec: RunSpec, precision: Precision
) -> Terms:
    """Add the whole batch's gradient to the parameters', and return the batch's terms.

    A batch that does not fit is computed twice, as in Gao et al., 2021 (GradCache): first ℓ of every part without
    gradients, from which each image's weight follows, then part by part with them.

    Parameters
    ----------
    batch
        This process's share.
    """
    whole, own = sum(batches.sizes), state.ranks.share(sum(batches.sizes))
    # The same number on each process, for they exchange parameters or gradients in step.
    parts = batch.split(-(-state.ranks.largest_share(whole) // state.micro_batch))
    objective = lambda losses: combine(losses, batches, spec)  # noqa: E731

    if len(parts) == 1:
        with synchronised(state.network, True):
            losses = denoising_losses(state, parts[0], spec, precision)
            terms, weights = loss_weights(state.ranks.gather(losses.detach(), whole), objective)
            _backward(losses, weights[own], state.ranks)
        return terms

    with torch.no_grad():
        losses = torch.cat([denoising_losses(state, part, spec, precision) for part in parts])
    terms, weights = loss_weights(state.ranks.gather(losses[: len(batch.x0)], whole), objective)
    shares = functional.pad(weights[own], (0, len(losses) - len(batch.x0))).split([len(part.x0) for part in parts])
    for part, share in zip(parts, shares, strict=True):
        with synchronised(state.network, part is parts[-1]):
            _backward(denoising_losses(state, part, spec, precision), share, state.ranks)
    return terms


def _backward(losses: Tensor, weights: Tensor, ranks: Ranks) -> None:
    # DDP and FSDP average over the processes; the weights are for a sum.
    ((losses * weights).sum() * ranks.size).backward()


def denoising_losses(state: TrainState, batch: Batch, spec: RunSpec, precision: Precision) -> Tensor:
    """ℓ of each image at its timestep and noise, ``(B,)`` float32, from one forward pass.

    Source: Ho et al., 2020, Eq. 14 for ε-prediction; otherwise the error of what the network predicts: v, x₀, or the
    velocity of flow matching.
    """
    torch.manual_seed(batch.seed)  # dropout is the same when a part is computed a second time
    noisy, timesteps, target = state.model.process.noised(batch.x0, batch.noise, batch.positions)
    with torch.autocast(batch.x0.device.type, torch.bfloat16, enabled=precision == "bf16"):
        prediction = state.model.predict(state.network, noisy, timesteps, batch.conditions)
    return image_losses(prediction, target, spec.objective.reduction, spec.objective.temperature)


def combine(losses: Tensor, batches: Batches, spec: RunSpec) -> Terms:
    """The spec's objective of a whole batch's per-image losses, which come in the order of `Batches`."""
    parts = losses.split(batches.sizes)
    match spec.objective.kind:
        case "unsupervised":
            mean = parts[0].mean()
            return Terms(mean, mean)
        case "supervised":
            return supervised_terms(parts[0], parts[1], batches.sensitive_share)
        case "pnu":
            return pnu_terms(parts[0], parts[1], parts[2], spec.objective)
        case "pu":
            return pu_terms(parts[0], parts[1], spec.objective)


def learning_rate(step: int, spec: OptimSpec) -> float:
    """Linear warm-up from 0, then half a cosine down to 0 at the last step."""
    warmup = min(spec.warmup_steps, spec.steps - 1)
    if step < warmup:
        return spec.learning_rate * (step + 1) / (warmup + 1)
    return spec.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (spec.steps - warmup)))


def _clipped(parameters: Sequence[nn.Parameter], largest: float) -> Tensor:
    """Clip the gradients to an L2 norm of `largest`, and return the norm that they had."""
    norm = torch.nn.utils.clip_grad_norm_(parameters, largest)
    return norm.full_tensor() if hasattr(norm, "full_tensor") else norm
