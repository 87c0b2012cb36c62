"""Which classes or captions the samples of a conditional model are drawn with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.families import Condition
from training.manifest import Label


def conditions_for(
    seeds: Sequence[int], values: Sequence[Condition] | None, labels: Sequence[Label]
) -> list[Condition] | None:
    """One condition for each seed, drawn by it from those of the images that are not labeled sensitive.

    Those are what the model is meant to go on making.

    Parameters
    ----------
    values
        The condition of each image (`training.conditions.resolve`); ``None`` for an unconditional model.
    labels
        The label of each image.
    """
    if values is None:
        return None
    wanted = [value for value, label in zip(values, labels, strict=True) if label != "sensitive"]
    return [wanted[int(np.random.default_rng([1, int(seed)]).integers(len(wanted)))] for seed in seeds]
