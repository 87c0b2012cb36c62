"""What the network sees at a step: which images, at which noise, under which condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.arithmetic import layout
from training.errors import UserError
from training.examples import Examples
from training.families import Conditions, DiffusionModel
from training.ranks import Ranks
from training.spec import RunSpec


@dataclass(frozen=True, slots=True)
class Batch:
    """Images of one step, or a part of them.

    Attributes
    ----------
    x0, noise
        ``(B, *latent_shape)`` float32.
    positions
        ``(B,)`` int64: each image's place in the noise process.
    conditions
        Named tensors ``(B, …)``.
    seed
        For what the network draws itself.
    """

    x0: Tensor
    noise: Tensor
    positions: Tensor
    conditions: Conditions
    seed: int

    def split(self, parts: int) -> list[Batch]:
        """The batch in `parts` parts of about equal size, each with its own seed.

        No part is empty: where there are fewer images than parts, the last image is in the last parts once more.
        """
        if parts == 1:
            return [self]
        if parts > len(self.x0):
            return self._filled(parts).split(parts)
        tensors = zip(
            self.x0.tensor_split(parts), self.noise.tensor_split(parts), self.positions.tensor_split(parts), strict=True
        )
        conditions: list[dict[str, Tensor]] = [{} for _ in range(parts)]
        for name, values in self.conditions.items():
            for part, value in zip(conditions, values.tensor_split(parts), strict=True):
                part[name] = value
        return [
            replace(self, x0=x0, noise=noise, positions=positions, conditions=condition, seed=self.seed + index)
            for index, ((x0, noise, positions), condition) in enumerate(zip(tensors, conditions, strict=True))
        ]

    def _filled(self, count: int) -> Batch:
        rows = torch.arange(count, device=self.x0.device).clamp_max(len(self.x0) - 1)
        conditions = {name: values[rows] for name, values in self.conditions.items()}
        return replace(
            self, x0=self.x0[rows], noise=self.noise[rows], positions=self.positions[rows], conditions=conditions
        )


class Batches:
    """Stratified batches: the same number of labeled images in every one (Algorithm 1 of arXiv 2503.03789).

    Unlabeled are all images that are not labeled sensitive: those labeled normal came from the same pool, and without
    them its sensitive share would no longer be β. The PNU objective sees the labeled normals once more, as N.

    Raises
    ------
    UserError
        The labels or the batch size do not suffice for the objective.
    """

    def __init__(self, examples: Examples, model: DiffusionModel, spec: RunSpec) -> None:
        kind = spec.objective.kind
        unlabeled, sensitive = examples.indices("unlabeled", "normal"), examples.indices("sensitive")
        normal = examples.indices("normal")
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
            (examples.pool(indices, spec.seed, name), count)
            for name, indices, count in (
                ("unlabeled", unlabeled, spec.optim.batch_size - n_labeled),
                ("sensitive", sensitive, n_labeled - n_normal),
                ("normal", normal, n_normal),
            )
            if count > 0
        ]
        self.sizes = [count for _, count in self._pools]
        self._examples, self._model, self._seed = examples, model, spec.seed
        self._steps = spec.optim.steps

    def __call__(self, step: int, device: torch.device, ranks: Ranks) -> Batch:
        """This process's share of a step's images: unlabeled, then sensitive, then normal, as many as `sizes` says.

        What is drawn at random is drawn for the whole batch by every process, so that it does not depend on how many
        there are.
        """
        count = sum(self.sizes)
        share = ranks.share(count)
        seed = _step_seed(self._seed, step)
        torch.manual_seed(seed)
        shape = (count, *self._model.latent_shape)
        positions = stratified_positions(self.sizes, self._model.process.length, device)[share]
        noise = torch.randn(shape, device=device)[share]

        encoded, conditions = self._examples.fetch(*self._drawn(step, share), device)
        if step + 1 < self._steps:
            self._examples.prefetch(*self._drawn(step + 1, share), device)
        x0 = encoded
        if self._model.encodes:
            x0 = self._model.latents(encoded, torch.randn(shape, device=device)[share])
        # Another for each process, and away from the next step's, for each part of the batch adds its number.
        x0, noise = (values.contiguous(memory_format=layout(device)) for values in (x0, noise))
        return Batch(x0, noise, positions, conditions, seed + (1 << 31) + share.start)

    def _drawn(self, step: int, share: slice) -> tuple[NDArray[np.int64], Tensor]:
        """Indices ``(b,)`` of the images of a step, and draws ``(b, 4)`` in [0, 1) for what is random about each."""
        indices = np.concatenate([pool.take(step * count, count) for pool, count in self._pools])
        draws = np.random.default_rng([self._seed, step]).random((len(indices), 4), dtype=np.float32)
        return indices[share], torch.from_numpy(draws[share])


def stratified_positions(sizes: Sequence[int], length: int, device: torch.device) -> Tensor:
    """One position in the noise process per image, each uniform over ``range(length)``, spread evenly over every
    sub-batch.

    ℓ varies a hundredfold over the noise levels and little between images, so with independent draws the sign of
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
    return (torch.cat(shuffled) * length).long().clamp_max(length - 1)


def _step_seed(seed: int, step: int) -> int:
    return (seed << 32) + step


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise UserError(sentence)
