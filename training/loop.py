"""The training loop: a generator that yields the state after each step, and nothing else.

The caller logs, previews, pauses, saves or stops between steps. Per-step randomness (images, timesteps, noise, flips,
dropout) follows from the run's seed and the step, so a run that was killed and resumed equals one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from training.checkpoint import restore
from training.data import ImageCache, Pool, load_batch
from training.device import Precision
from training.ema import averaged
from training.errors import UserError
from training.objective import Terms, image_losses, pnu_terms, pu_terms, supervised_terms
from training.sampling import to_network
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


class TrainState:
    """Everything that a step changes: network, its average, optimizer, and how many steps are done."""

    def __init__(self, unet: UNet2DModel, spec: OptimSpec, device: torch.device) -> None:
        self.unet = unet.to(device=device, memory_format=torch.channels_last).train()
        self.ema: AveragedModel = averaged(self.unet, spec.ema_decay)
        self.optimizer = torch.optim.AdamW(
            self.unet.parameters(), lr=spec.learning_rate, weight_decay=spec.weight_decay, fused=True
        )
        self.device = device
        self.step = 0

    def resume(self, checkpoint: Path) -> None:
        """Go on from a checkpoint folder."""
        self.step = restore(checkpoint, self.unet, self.ema_unet, self.optimizer).step
        self.ema.n_averaged.fill_(self.step + 1)

    @property
    def ema_unet(self) -> UNet2DModel:
        return self.ema.module


class Batches:
    """Stratified batches: the same number of labeled images in every one (Algorithm 1 of arXiv 2503.03789).

    Unlabeled are all images that are not labeled sensitive: those labeled normal came from the same pool, and without
    them its sensitive share would no longer be β. The PNU objective sees the labeled normals once more, as N.
    """

    def __init__(self, cache: ImageCache, spec: RunSpec) -> None:
        kind = spec.objective.kind
        unlabeled, sensitive = cache.indices("unlabeled", "normal"), cache.indices("sensitive")
        normal = cache.indices("normal")
        _require(len(unlabeled) > 0, "There is no unlabeled image to learn from; add a folder of images.")
        if kind != "unsupervised":
            _require(
                len(sensitive) > 0, "No image is labeled sensitive; mark at least one, better 20, and start again."
            )
        if kind == "pnu":
            _require(len(normal) > 0, "The pnu objective needs images labeled normal; mark some, or use pu.")
        self.sensitive_share = len(sensitive) / (len(sensitive) + len(unlabeled))
        n_labeled = 0 if kind == "unsupervised" else spec.labeled_batch_size
        n_normal = n_labeled // 2 if kind == "pnu" else 0
        _require(
            kind != "pnu" or n_normal > 0, "The batch is too small for pnu: it needs a sensitive and a normal image."
        )
        self._pools = [
            (Pool(indices, spec.seed, name), count)
            for name, indices, count in (
                ("unlabeled", unlabeled, spec.optim.batch_size - n_labeled),
                ("sensitive", sensitive, n_labeled - n_normal),
                ("normal", normal, n_normal),
            )
            if count > 0
        ]
        self.sizes = [count for _, count in self._pools]
        self._cache, self._spec = cache, spec

    def __call__(self, step: int, device: torch.device) -> Tensor:
        """``(B, C, H, W)`` float32 in [-1, 1]: unlabeled, then sensitive, then normal, as many as `sizes` says."""
        indices = [pool.take(step * count, count) for pool, count in self._pools]
        images = to_network(load_batch(self._cache, torch.cat([torch.from_numpy(i) for i in indices]).numpy(), device))
        if self._spec.data.horizontal_flip:
            flipped = torch.rand(len(images), device=device) < 0.5
            images = torch.where(flipped[:, None, None, None], images.flip(-1), images)
        return images.contiguous(memory_format=torch.channels_last)


def train(
    state: TrainState,
    scheduler: DDPMScheduler | DDIMScheduler,
    batches: Batches,
    spec: RunSpec,
    precision: Precision,
) -> Iterator[StepResult]:
    """Take ``spec.optim.steps - state.step`` steps, yielding after each.

    Raises
    ------
    UserError
        The gradient is no longer finite. The weights are those before the step.
    """
    while state.step < spec.optim.steps:
        torch.manual_seed(_step_seed(spec.seed, state.step))
        rate = learning_rate(state.step, spec.optim)
        for group in state.optimizer.param_groups:
            group["lr"] = rate

        images = batches(state.step, state.device)
        timesteps = stratified_timesteps(batches.sizes, scheduler.config["num_train_timesteps"], state.device)
        losses = denoising_losses(state.unet, scheduler, images, timesteps, spec, precision)
        terms = combine(losses, batches, spec)
        terms.loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(state.unet.parameters(), spec.optim.grad_clip)
        if not torch.isfinite(norm):
            raise UserError(
                f"Training diverged at step {state.step + 1}: the loss is no longer a finite number. Start again with "
                "a lower learning rate, or with the correction abs."
            )
        state.optimizer.step()
        state.optimizer.zero_grad(set_to_none=True)
        state.ema.update_parameters(state.unet)
        state.step += 1
        yield StepResult(state.step, _detached(terms), norm.detach(), rate)


def stratified_timesteps(sizes: Sequence[int], steps: int, device: torch.device) -> Tensor:
    """One timestep per image, each uniform over ``range(steps)``, spread evenly over every sub-batch.

    ℓ varies a hundredfold over the timesteps and little between images, so with independent draws the sign of
    R = L_U⁻ − β L_S⁻ would mostly tell which sub-batch happened to get the low ones. The sub-batches share one random
    offset, as in the low-discrepancy sampler of Kingma et al., 2021, App. I.1; the expectation of every term is as
    with independent draws.

    Returns
    -------
    ``(sum(sizes),)`` int64.
    """
    offset = torch.rand((), device=device)
    parts = [(torch.arange(size, device=device) + offset) / size for size in sizes]
    shuffled = [part[torch.randperm(len(part), device=device)] for part in parts]
    return (torch.cat(shuffled) * steps).long().clamp_max(steps - 1)


def denoising_losses(
    unet: UNet2DModel,
    scheduler: DDPMScheduler | DDIMScheduler,
    images: Tensor,
    timesteps: Tensor,
    spec: RunSpec,
    precision: Precision,
) -> Tensor:
    """ℓ of each image at its timestep and random noise, ``(B,)`` float32, from one forward pass.

    Source: Ho et al., 2020, Eq. 14 for ε-prediction; for v- and x₀-prediction the error of what the network predicts.
    """
    noise = torch.randn_like(images)
    noisy = scheduler.add_noise(images, noise, timesteps)
    with torch.autocast(images.device.type, torch.bfloat16, enabled=precision == "bf16"):
        prediction = unet(noisy, timesteps).sample
    kind = scheduler.config.get("prediction_type", "epsilon")
    if kind == "epsilon":
        target = noise
    elif kind == "v_prediction":
        target = scheduler.get_velocity(images, noise, timesteps)
    else:
        target = images
    return image_losses(prediction, target, spec.objective.reduction)


def combine(losses: Tensor, batches: Batches, spec: RunSpec) -> Terms:
    """The spec's objective of a batch's per-image losses, which come in the order of `Batches`."""
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


def _step_seed(seed: int, step: int) -> int:
    return (seed << 32) + step


def _detached(terms: Terms) -> Terms:
    values = (getattr(terms, name) for name in Terms.__slots__)
    return Terms(*(None if value is None else value.detach() for value in values))  # type: ignore[arg-type]


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise UserError(sentence)
