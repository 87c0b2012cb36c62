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
from pudm_gui.suggest.kernel import fit
from pudm_gui.suggest.known import Known, some
from pudm_gui.suggest.model import Basis, Labels, Ranking, Suggestions

MOST = 4000
"""Rows of S, of N and of U that are trained on at most."""
LANDMARKS = 256
SENSITIVE_LANDMARKS, NORMAL_LANDMARKS = 128, 64
"""At most; the others are of U."""
NORMAL_WEIGHT = 0.5
"""All N together weigh this much of what U weighs, once there are `FULL_NORMAL` of them."""
FULL_NORMAL = 50
FEW = 5
"""Of fewer sensitive images nothing can be learned but what looks like them."""
VERY_LIKELY, LIKELY = 0.85, 0.5
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Scores of all rows: higher is likelier sensitive, no matter by how much."""

    scores: NDArray[np.float32]
    """``(R,)``, of ``index.used``."""
    left_out: NDArray[np.float64]
    """``(n,)``: of sensitive rows, each by a classifier that was not trained on it."""


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
    known = Known.of(index, labels)
    if not len(known.sensitive):
        return Suggestions(Ranking(index.ids[open_], np.zeros(len(open_), np.float32)), "nothing", False, 0, 0)
    learned = learn(index, known)
    likely, reliable = _likelihood(known, learned)
    rows = index.compact[open_]
    order = np.lexsort((-learned.scores[rows], -likely[rows]))
    ranking = Ranking(index.ids[open_[order]], likely[rows[order]])
    very_likely, at_least_likely = (_count_above(ranking, least) if reliable else 0 for least in (VERY_LIKELY, LIKELY))
    basis: Basis = "similarity" if len(known.sensitive) < FEW else "classifier"
    return Suggestions(ranking, basis, reliable, very_likely, at_least_likely - very_likely)


def learn(index: FeatureIndex, known: Known) -> Learned:
    """Fit the classifier on S, N and a sample of U, which is the same every time, and score every row by it."""
    random = np.random.default_rng(SEED)
    sample = random.choice(len(index.used), min(MOST, len(index.used)), replace=False)
    parts = (
        some(known.sensitive, MOST, random),
        some(known.normal, MOST, random),
        sample[np.isin(sample, known.unlabeled)],
    )
    masses = (1.0, NORMAL_WEIGHT * min(1.0, len(known.normal) / FULL_NORMAL), 1.0)
    counts = [len(part) for part in parts]
    values = index.values(index.used[np.concatenate(parts)])
    fitted = fit(
        values,
        targets=np.repeat([1.0, 0.0, 0.0], counts),
        weights=np.repeat([mass / max(count, 1) for mass, count in zip(masses, counts, strict=True)], counts),
        landmarks=values[_landmarks(counts, random)],
    )
    scores = np.concatenate([fitted.model.scores(some_values) for some_values in index.chunks()])
    return Learned(scores, fitted.left_out[: counts[0]])


def _landmarks(counts: list[int], random: np.random.Generator) -> NDArray[np.int64]:
    """Which training rows, given how many there are of S, N and U in this order."""
    sensitive, normal, unlabeled = np.split(np.arange(sum(counts)), np.cumsum(counts)[:-1])
    labeled = [some(sensitive, SENSITIVE_LANDMARKS, random), some(normal, NORMAL_LANDMARKS, random)]
    return np.concatenate([*labeled, some(unlabeled, LANDMARKS - sum(map(len, labeled)), random)])


def _likelihood(known: Known, learned: Learned) -> tuple[NDArray[np.float32], bool]:
    """``(R,)``: how likely each row is sensitive; and whether that is better than chance."""
    likely = np.zeros(len(learned.scores), np.float32)
    likely[known.sensitive] = 1
    unlabeled = learned.scores[known.unlabeled]
    if not len(unlabeled):
        return likely, True
    order = np.argsort(-unlabeled, kind="stable")
    likely[known.unlabeled[order]] = probabilities(unlabeled[order], learned.left_out)
    return likely, better_than_chance(separability(unlabeled, learned.left_out), len(learned.left_out))


def _count_above(ranking: Ranking, least: float) -> int:
    return int(np.searchsorted(-ranking.scores, -least, "right"))
