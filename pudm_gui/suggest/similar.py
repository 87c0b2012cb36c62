"""Images that look like some others: exact cosine search, in chunks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Ids
from pudm_gui.suggest.index import FeatureIndex, Rows
from pudm_gui.suggest.model import Ranking

MOST_QUERIES = 256
"""Of more images than that, so many evenly spaced ones stand for all."""
SHORTLIST = 4
"""So many times the wanted number are found by reduced features, then ordered by full ones."""


def similar(index: FeatureIndex, ids: Ids, limit: int = 1000) -> Ranking:
    """The images that look most like one of `ids`, which are not among them; those without features are passed over.

    Returns
    -------
    At most `limit` images. Scores are cosines with the nearest of `ids`, in [-1, 1]; 1 for a copy. Empty where none of
    `ids` has features.
    """
    positions = index.positions(ids)
    if not len(positions):
        return Ranking(np.empty(0, np.int64), np.empty(0, np.float32))
    queries = _some(np.unique(index.rows[positions]))
    rough = likeness(index, queries)[index.compact]
    rough[positions] = -np.inf
    found = _highest(rough, min(SHORTLIST * limit, len(index) - len(np.unique(positions))))
    exact = _cosines(index, np.unique(index.rows[found]), queries)
    scores = exact[np.searchsorted(np.unique(index.rows[found]), index.rows[found])]
    order = np.lexsort((index.ids[found], -scores))[:limit]
    return Ranking(index.ids[found[order]], scores[order])


def likeness(index: FeatureIndex, rows: Rows) -> NDArray[np.float32]:
    """``(R,)``: for each of ``index.used`` the highest cosine of its reduced features with those of `rows`."""
    queries = index.values(rows).T
    parts = [np.empty(0, np.float32)]
    parts += [(values @ queries).max(axis=1) for values in index.chunks()]
    return np.concatenate(parts)


def _some(rows: Rows) -> Rows:
    if len(rows) <= MOST_QUERIES:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_QUERIES).astype(np.int64)]


def _highest(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Places of the `count` highest, in no order."""
    if count >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - count - 1)[len(scores) - count :]


def _cosines(index: FeatureIndex, rows: Rows, queries: Rows) -> NDArray[np.float32]:
    """``(n,)``: for each of `rows` the highest cosine of its full features with those of `queries`."""
    wanted = index.values(queries, "features").T
    parts = [np.empty(0, np.float32)]
    for start in range(0, len(rows), 1024):
        parts.append((index.values(rows[start : start + 1024], "features") @ wanted).max(axis=1))
    return np.concatenate(parts)
