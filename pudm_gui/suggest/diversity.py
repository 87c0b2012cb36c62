"""A list whose first images show different things."""

from __future__ import annotations

import numpy as np

from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.model import Ranking

POOL = 4
"""The first so many times the wanted number are chosen from."""
ALIKE = 0.95
"""Images whose features have at least this cosine count as showing the same."""


def diverse(index: FeatureIndex, ranking: Ranking, count: int, cosine: float = ALIKE) -> Ranking:
    """The first `count` of `ranking` without those that look like one before them.

    Returns
    -------
    At most `count` images in the order of `ranking`. Fewer where all of its first `POOL` × `count` look like them.
    """
    pool = ranking.first(POOL * count)
    values = index.values(index.rows[index.positions(pool.ids)])
    taken = np.empty((count, values.shape[1]), np.float32)
    places: list[int] = []
    for place, value in enumerate(values):
        if len(places) == count:
            break
        if not places or float((taken[: len(places)] @ value).max()) < cosine:
            taken[len(places)] = value
            places.append(place)
    return Ranking(pool.ids[places], pool.scores[places])
