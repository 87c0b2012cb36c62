"""Kinds of images that look like S, but of which none is labeled: where a sensitive mode may have been missed.

Unlabeled images that score about as high as labeled sensitive ones do are grouped. A group around whose middle a
labeled image lies is known; one without is a gap in the labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Label
from pudm_gui.suggest.classifier import FEW, MOST, SEED, learn
from pudm_gui.suggest.grouping import Floats, centres_of, nearest_centres
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.known import Known, Places, some
from pudm_gui.suggest.model import Gap, Labels

MOST_GAPS = 12
FEWEST_IMAGES = 5
CANDIDATE = 0.05
"""Candidates score higher than this share of the sensitive images do when left out."""
PER_GROUP = 25
FEWEST_GROUPS, MOST_GROUPS = 4, 256
SAMPLE = 8000
"""Candidates that the groups are found by; the others join them."""
INSIDE = 0.25
"""A labeled image is inside a group if it is nearer to the middle than this share of the group's images are."""
NEAREST = 6


def coverage(index: FeatureIndex, labels: Labels, limit: int = MOST_GAPS) -> list[Gap]:
    """Groups of unlabeled images that look like S and hold no labeled image, the likest to S first.

    Parameters
    ----------
    labels
        ``(M,)``: the labels of ``index.ids`` (`pudm_gui.project.images.labels_for`).

    Returns
    -------
    At most `limit` gaps. None where fewer than `FEW` images are labeled sensitive: what looks like so few says little.
    """
    known = Known.of(index, labels)
    if len(known.sensitive) < FEW:
        return []
    learned = learn(index, known)
    falling = np.sort(learned.scores[known.unlabeled])
    candidates = known.unlabeled[learned.scores[known.unlabeled] >= np.quantile(learned.left_out, CANDIDATE)]
    if len(candidates) < FEWEST_IMAGES:
        return []
    groups = _unknown_groups(index, known, candidates, learned.scores)
    return [
        Gap(
            _images(index, labels, group.rows, Label.UNLABELED),
            float(np.searchsorted(falling, group.score) / len(falling)),
            _images(index, labels, group.nearest, Label.SENSITIVE),
        )
        for group in sorted(groups, key=lambda group: -group.score)[:limit]
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    score: float
    """Mean of its rows."""
    rows: Places
    """The highest score first."""
    nearest: Places
    """Sensitive rows nearest to its middle."""


def _unknown_groups(
    index: FeatureIndex, known: Known, candidates: Places, scores: NDArray[np.float32]
) -> Iterator[_Group]:
    """The groups of `candidates` around whose middle there is no labeled image."""
    random = np.random.default_rng(SEED)
    centres = _centres(index, candidates, random)
    groups, cosines = _members(index, candidates, centres)
    sensitive = some(known.sensitive, MOST, random)
    to_sensitive = index.values(index.used[sensitive]) @ centres.T
    to_normal = index.values(index.used[some(known.normal, MOST, random)]) @ centres.T
    closest = np.maximum(to_sensitive.max(axis=0), to_normal.max(axis=0, initial=-1))
    for number in range(len(centres)):
        members = np.flatnonzero(groups == number)
        if len(members) < FEWEST_IMAGES or closest[number] >= np.quantile(cosines[members], INSIDE):
            continue
        rows = candidates[members]
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        nearest = sensitive[np.argsort(-to_sensitive[:, number], kind="stable")[:NEAREST]]
        yield _Group(float(scores[rows].mean()), rows, nearest)


def _centres(index: FeatureIndex, candidates: Places, random: np.random.Generator) -> Floats:
    values = index.values(index.used[some(candidates, SAMPLE, random)])
    count = min(max(len(candidates) // PER_GROUP, FEWEST_GROUPS), MOST_GROUPS, len(values))
    return centres_of(values, count, random)


def _members(index: FeatureIndex, candidates: Places, centres: Floats) -> tuple[NDArray[np.int32], Floats]:
    """``(n,)`` each: the group of every candidate, and its cosine with the group's middle."""
    groups, cosines = [np.empty(0, np.int32)], [np.empty(0, np.float32)]
    start = 0
    for values in index.chunks():
        within = (
            candidates[np.searchsorted(candidates, start) : np.searchsorted(candidates, start + len(values))] - start
        )
        nearest, cosine = nearest_centres(values[within], centres)
        groups.append(nearest)
        cosines.append(cosine)
        start += len(values)
    return np.concatenate(groups), np.concatenate(cosines)


def _images(index: FeatureIndex, labels: Labels, rows: Places, label: Label) -> NDArray[np.int64]:
    """The images under `label` that have these rows, in the order of `rows`."""
    place = np.full(len(index.used), len(rows), np.int64)
    place[rows] = np.arange(len(rows))
    with_label = np.flatnonzero(labels == label)
    places = place[index.compact[with_label]]
    order = np.argsort(places, kind="stable")
    return index.ids[with_label[order[places[order] < len(rows)]]]
