"""The likeliest sensitive among the unlabeled images, from a few positives and many unlabeled ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Label
from pudm_gui.suggest.index import FeatureIndex, Rows
from pudm_gui.suggest.model import Labels, Ranking, Suggestions

SAMPLE = 20_000
FEW = 5
RIDGE = 0.1


def rank(index: FeatureIndex, labels: Labels) -> Suggestions:
    """Order the unlabeled images of `index`, the likeliest sensitive first.

    Parameters
    ----------
    labels
        ``(M,)``: the labels of ``index.ids`` (`pudm_gui.project.images.labels_for`).
    """
    sensitive = index.rows[labels == Label.SENSITIVE]
    open_ = np.flatnonzero(labels == Label.UNLABELED)
    if not len(sensitive):
        return Suggestions(Ranking(index.ids[open_], np.zeros(len(open_), np.float32)), "nothing", False, 0, 0)
    scores = np.concatenate([values @ _direction(index, np.unique(sensitive)) for values in index.chunks()])
    scores = scores[index.compact]
    probabilities = 1 / (1 + np.exp(-(scores - np.median(scores[labels == Label.SENSITIVE]))))
    order = open_[np.lexsort((index.ids[open_], -probabilities[open_]))]
    ranking = Ranking(index.ids[order], probabilities[order].astype(np.float32))
    sure, likely = (int((ranking.scores >= least).sum()) for least in (0.8, 0.5))
    basis = "similarity" if len(sensitive) < FEW else "classifier"
    return Suggestions(ranking, basis, True, sure, likely - sure)


def _direction(index: FeatureIndex, sensitive: Rows) -> NDArray[np.float32]:
    """Fisher's discriminant between S and all images."""
    used = index.used
    sample = used[np.linspace(0, len(used) - 1, min(SAMPLE, len(used))).astype(np.int64)]
    values = index.values(sample)
    mean = values.mean(axis=0)
    spread = np.cov(values.T, bias=True) + np.zeros((values.shape[1],) * 2)
    spread += RIDGE * np.trace(spread) / len(spread) * np.eye(len(spread))
    return np.linalg.solve(spread, index.values(sensitive).mean(axis=0) - mean).astype(np.float32)
