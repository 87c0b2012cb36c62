"""What the labels say of the rows that an index uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Label
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.model import Labels

Places = NDArray[np.int64]
"""Places in ``index.used``."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Rows by label. One that has copies under both labels counts as unlabeled."""

    sensitive: Places
    normal: Places
    unlabeled: Places

    @classmethod
    def of(cls, index: FeatureIndex, labels: Labels) -> Known:
        """Take the labels of ``index.ids``, ``(M,)``, to their rows."""
        if len(labels) != len(index):
            raise ValueError(f"{len(labels)} labels for {len(index)} images")
        rows = len(index.used)
        is_sensitive, is_normal = np.zeros(rows, bool), np.zeros(rows, bool)
        is_sensitive[index.compact[labels == Label.SENSITIVE]] = True
        is_normal[index.compact[labels == Label.NORMAL]] = True
        return cls(
            np.flatnonzero(is_sensitive & ~is_normal),
            np.flatnonzero(is_normal & ~is_sensitive),
            np.flatnonzero(is_sensitive == is_normal),
        )


def some(places: Places, most: int, random: np.random.Generator) -> Places:
    """`places`, or `most` of them at random."""
    return places if len(places) <= most else random.choice(places, most, replace=False)
