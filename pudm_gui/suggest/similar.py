"""Images that look like some others: exact search over the reduced features, in chunks.

The principal components lose little here: over them, the first 20 are of the right class about as often as over the
full features (`tests/benchmarks/README.md`), which are larger to read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import distinct
from pudm_gui.project.model import Ids
from pudm_gui.suggest.index import FeatureIndex, Rows
from pudm_gui.suggest.model import Ranking

MOST_QUERIES = 256
"""Of more images than that, so many evenly spaced ones stand for all."""
SHARPNESS = 4.0
"""0 would be the mean of the cosines, which passes over the rarer of two kinds; infinity their maximum, which goes by
odd ones out."""


def similar(index: FeatureIndex, ids: Ids, limit: int = 1000) -> Ranking:
    """The images that look most like `ids`, which are not among them. Those of `ids` without features are passed over.

    Returns
    -------
    At most `limit` images; none where none of `ids` has features. Scores are cosines c with the one image, in [-1, 1]
    and 1 for a copy; with several, their soft maximum (1/s) log mean exp(s c), s = `SHARPNESS`.
    """
    positions = distinct(index.positions(ids))
    if not len(positions):
        return Ranking(np.empty(0, np.int64), np.empty(0, np.float32))
    scores = _likeness(index, _some(distinct(index.rows[positions])))[index.compact]
    scores[positions] = -np.inf
    found = _highest(scores, min(limit, len(index) - len(positions)))
    return Ranking(index.ids[found], scores[found])


def _likeness(index: FeatureIndex, rows: Rows) -> NDArray[np.float32]:
    """``(R,)``: how much each of ``index.used`` looks like `rows`."""
    queries = index.values(rows).T
    parts = [np.empty(0, np.float32)]
    for values in index.chunks():
        cosines = values @ queries
        if cosines.shape[1] == 1:
            parts.append(cosines[:, 0])
        else:
            parts.append(np.log(np.exp(SHARPNESS * cosines).mean(axis=1)) / np.float32(SHARPNESS))
    return np.concatenate(parts)


def _some(rows: Rows) -> Rows:
    if len(rows) <= MOST_QUERIES:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_QUERIES).astype(np.int64)]


def _highest(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Places of the `count` highest, the highest first and equal ones in their order."""
    if count < len(scores):
        least = np.partition(scores, len(scores) - count - 1)[len(scores) - count - 1]
        candidates = np.flatnonzero(scores >= least)
    else:
        candidates = np.arange(len(scores))
    return candidates[np.argsort(-scores[candidates], kind="stable")][:count]
