"""The likeliest sensitive among the unlabeled images: a classifier of S against U, fitted anew whenever asked.

All of U counts as normal, the few sensitive images in it too, while S weighs as much as all of U together: which of
two images is the likelier sensitive does not change by that (Elkan and Noto, KDD 2008). Images labeled normal weigh
more than those of U. What the scores mean as probabilities is found afterwards (`calibration`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Label
from pudm_gui.suggest.calibration import better_than_chance, probabilities, separability
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.kernel import Fit, fit
from pudm_gui.suggest.model import Labels, Ranking, Suggestions

MOST = 4000
"""Rows of S, of N and of U that are trained on at most."""
LANDMARKS = 256
NORMAL_WEIGHT = 0.5
"""All N together weigh this much of what U weighs, once there are `FULL_NORMAL` of them."""
FULL_NORMAL = 50
FEW = 5
"""Of fewer sensitive images nothing can be learned but what looks like them."""
VERY_LIKELY, LIKELY = 0.85, 0.5
SEED = 0

Places = NDArray[np.int64]
"""Places in ``index.used``."""


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What the labels say of the rows. A row under both labels counts as unlabeled."""

    sensitive: Places
    normal: Places
    unlabeled: Places

    @classmethod
    def of(cls, index: FeatureIndex, labels: Labels) -> _Known:
        rows = len(index.used)
        is_sensitive, is_normal = np.zeros(rows, bool), np.zeros(rows, bool)
        is_sensitive[index.compact[labels == Label.SENSITIVE]] = True
        is_normal[index.compact[labels == Label.NORMAL]] = True
        return cls(
            np.flatnonzero(is_sensitive & ~is_normal),
            np.flatnonzero(is_normal & ~is_sensitive),
            np.flatnonzero(is_sensitive == is_normal),
        )


def rank(index: FeatureIndex, labels: Labels) -> Suggestions:
    """Order the unlabeled images of `index`, the likeliest sensitive first.

    A copy of a labeled image is as likely as that label says. Without a sensitive image the order is that of the ids
    and all are equally likely.

    Parameters
    ----------
    labels
        ``(M,)``: the labels of ``index.ids`` (`pudm_gui.project.images.labels_for`).
    """
    open_ = np.flatnonzero(labels == Label.UNLABELED)
    known = _Known.of(index, labels)
    if not len(known.sensitive):
        return Suggestions(Ranking(index.ids[open_], np.zeros(len(open_), np.float32)), "nothing", False, 0, 0)
    fitted = _fitted(index, known)
    scores = np.concatenate([fitted.model.scores(values) for values in index.chunks()])
    left_out = fitted.left_out[: min(len(known.sensitive), MOST)]
    likely, reliable = _likelihood(scores, known, left_out)
    return _suggestions(index, open_, scores, likely, reliable, len(known.sensitive))


def _fitted(index: FeatureIndex, known: _Known) -> Fit:
    random = np.random.default_rng(SEED)
    sample = random.choice(len(index.used), min(MOST, len(index.used)), replace=False)
    unlabeled = sample[np.isin(sample, known.unlabeled)]
    sensitive, normal = _some(known.sensitive, MOST, random), _some(known.normal, MOST, random)
    parts = (sensitive, unlabeled, normal)
    values = index.values(index.used[np.concatenate(parts)])
    masses = (1.0, 1.0, NORMAL_WEIGHT * min(1.0, len(normal) / FULL_NORMAL))
    weights = np.concatenate(
        [np.full(len(part), mass / max(len(part), 1)) for part, mass in zip(parts, masses, strict=True)]
    )
    targets = np.repeat([1.0, 0.0], [len(sensitive), len(unlabeled) + len(normal)])
    ends = np.cumsum([len(part) for part in parts])
    shares = (LANDMARKS // 2, LANDMARKS, LANDMARKS // 4)
    chosen = [
        _some(np.arange(end - len(part), end), share, random)
        for end, part, share in zip(ends, parts, shares, strict=True)
    ]
    landmarks = np.concatenate([chosen[0], chosen[2], chosen[1]])[:LANDMARKS]
    return fit(values, targets, weights, values[landmarks])


def _likelihood(
    scores: NDArray[np.float32], known: _Known, left_out: NDArray[np.float64]
) -> tuple[NDArray[np.float32], bool]:
    """``(R,)``: how likely each row is sensitive; and whether that is better than chance."""
    likely = np.zeros(len(scores), np.float32)
    likely[known.sensitive] = 1
    falling = known.unlabeled[np.argsort(-scores[known.unlabeled], kind="stable")]
    if not len(falling):
        return likely, True
    likely[falling] = probabilities(scores[falling], left_out)
    return likely, better_than_chance(separability(scores[falling], left_out), len(left_out))


def _suggestions(
    index: FeatureIndex,
    open_: NDArray[np.int64],
    scores: NDArray[np.float32],
    likely: NDArray[np.float32],
    reliable: bool,
    sensitive: int,
) -> Suggestions:
    rows = index.compact[open_]
    order = np.lexsort((-scores[rows], -likely[rows]))
    ranking = Ranking(index.ids[open_[order]], likely[rows[order]])
    sure, half = (
        int(np.searchsorted(-ranking.scores, -least, "right")) if reliable else 0 for least in (VERY_LIKELY, LIKELY)
    )
    return Suggestions(ranking, "similarity" if sensitive < FEW else "classifier", reliable, sure, half - sure)


def _some(places: NDArray[np.int64], most: int, random: np.random.Generator) -> NDArray[np.int64]:
    return places if len(places) <= most else random.choice(places, most, replace=False)
