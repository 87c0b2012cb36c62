"""The map: where each image lies, and in which cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Ids
from pudm_gui.suggest.index import FeatureIndex


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Images as points: like ones lie near each other."""

    ids: Ids
    """``(M,)``, those of the index."""
    xy: NDArray[np.float32]
    """``(M, 2)`` in [0, 1]."""
    clusters: NDArray[np.int32]
    """``(M,)``, from 0 up."""


def projection(index: FeatureIndex) -> Projection:
    """The points of all images of `index`. Copies of one file lie at the same place."""
    return Projection(index.ids, index.store.map[index.rows], index.store.clusters[index.rows])
