"""What a run needs of a device's memory: counted where it follows from the model, measured where it does not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from training import optimizer
from training.device import Precision
from training.families import Conditions, DiffusionModel
from training.memory import Activations, free_memory, measure_activations, module_tensors, readable, storage_bytes
from training.parallel import blocks
from training.ranks import Ranks
from training.spec import RunSpec

MARGIN = 0.1
"""Share of the memory that is left alone: for fragments, libraries and whatever else the machine does."""
GATHERED_BLOCKS = 2
"""Blocks that FSDP has whole at once: the one that computes and the next."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """Memory of a run on one device, in bytes.

    Attributes
    ----------
    parameters, trainable
        Numbers of the denoiser's parameters: all, and those that are trained.
    frozen
        Parts that are not trained: text encoders, autoencoder. A GPU has them only between steps, while samples are
        drawn, unless `frozen_stay`.
    activations
        ``None`` where they could not be measured, for lack of memory.
    there
        What this process may take, and what its model has taken already.
    images
        Of each step on this device.
    """

    parameters: int
    trainable: int
    weights: int
    gradients: int
    optimizer: int
    ema: int
    frozen: int
    frozen_stay: bool
    activations: Activations | None
    there: int
    images: int

    def needed(self, micro_batch: int) -> int:
        """Peak memory, in bytes, with `micro_batch` images at once; without activations where they are not known."""
        trained = self.weights + self.gradients + self.optimizer + self.ema
        passing = self.activations.bytes(micro_batch) if self.activations else 0
        return trained + (self.frozen + passing if self.frozen_stay else max(self.frozen, passing))

    def fits(self, micro_batch: int) -> bool:
        return self.needed(micro_batch) <= (1 - MARGIN) * self.there

    @property
    def micro_batch(self) -> int:
        """As many images at once as fit, in as few and as equal parts as can be; 0 where not even one fits."""
        if self.activations is None:
            return 0
        fitting = next((parts for parts in range(1, self.images + 1) if self.fits(-(-self.images // parts))), None)
        return -(-self.images // fitting) if fitting else 0

    def fields(self, micro_batch: int) -> dict[str, Any]:
        """The "preflight" event of a run that goes on with `micro_batch` images at once."""
        figures = asdict(self)
        activations = figures.pop("activations") or {}
        return {
            **figures,
            **{f"activations_{name}": value for name, value in activations.items()},
            "micro_batch": micro_batch,
            "needed": self.needed(micro_batch),
            "message": self.sentence(micro_batch),
        }

    def sentence(self, micro_batch: int) -> str:
        """For people."""
        trained = "all trained" if self.trainable == self.parameters else f"{self.trainable:,} of them trained"
        at_once = "all" if micro_batch >= self.images else str(micro_batch)
        return (
            f"{self.parameters:,} parameters, {trained}; with {at_once} of {self.images} images at a time, training "
            f"takes about {readable(self.needed(micro_batch))} of the {readable(self.there)} of memory there are."
        )


def counted(model: DiffusionModel, spec: RunSpec, device: torch.device, ranks: Ranks) -> Preflight:
    """All but the activations."""
    denoiser = model.denoiser
    trained = [parameter for parameter in denoiser.parameters() if parameter.requires_grad]
    frozen = [tensor for part in model.frozen_parts() for tensor in module_tensors(part)]
    sizes = [parameter.numel() for parameter in trained]
    weights, gradients = storage_bytes(module_tensors(denoiser)), storage_bytes(trained)
    moments, gathered = optimizer.state_bytes(sizes, spec.optim.optimizer), 0
    if ranks.size > 1 and spec.optim.sharding == "fsdp":
        largest = max((storage_bytes(module_tensors(block)) for block in blocks(denoiser)), default=weights)
        gathered = min(GATHERED_BLOCKS * largest, weights)
        weights, gradients, moments = (-(-size // ranks.size) for size in (weights, gradients, moments))
    return Preflight(
        parameters=sum(parameter.numel() for parameter in denoiser.parameters()),
        trainable=sum(sizes),
        weights=weights + gathered,
        gradients=gradients,
        optimizer=moments,
        ema=gradients,
        frozen=storage_bytes(frozen),
        frozen_stay=device.type == "cpu" or spec.data.cache == "none",
        activations=None,
        there=free_memory(device) + storage_bytes([*module_tensors(denoiser), *frozen], device),
        images=ranks.largest_share(spec.optim.batch_size),
    )


@dataclass(frozen=True, slots=True)
class Probe:
    """Measures activations by steps of the network, where there is room for these."""

    model: DiffusionModel
    device: torch.device
    precision: Precision
    conditions: Conditions

    def __call__(self, known: Preflight) -> Preflight:
        """`known` with activations, or without where they cannot be measured."""
        if not known.fits(1):
            return known
        whole = storage_bytes(module_tensors(self.model.denoiser))
        # What FSDP spreads over GPUs, as it fits none, is measured on the CPU, where it was loaded.
        device = self.device if 2 * whole < known.there else torch.device("cpu")
        try:
            one = measure_activations(self.model, 1, device, self.precision, self.conditions)
        except torch.OutOfMemoryError:
            return known
        single = replace(known, activations=Activations(0, one))
        if not single.fits(2):
            return single
        try:
            two = measure_activations(self.model, 2, device, self.precision, self.conditions)
        except torch.OutOfMemoryError:
            return single
        per_image = max(two - one, 1)
        return replace(known, activations=Activations(max(one - per_image, 0), per_image))
