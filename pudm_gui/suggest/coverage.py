"""Kinds of images that look like S, but of which none is labeled: where a sensitive mode may have been missed.

The unlabeled images that look most like S are grouped, several times over, as one grouping cuts kinds in two by chance.
A group around whose middle a labeled image lies is known; one without is a gap in the labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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
AS_LOW_AS_S = 0.05
"""Candidates score higher than this share of the sensitive images do when left out …"""
HIGHEST_SHARE = 0.1
"""… or are at least this share of the unlabeled: a kind that was missed scores low, since all of it is in U."""
PER_GROUP = (20, 25, 35)
"""Images in a group, on average, in each pair of groupings."""
FEWEST_GROUPS, MOST_GROUPS = 4, 256
SAMPLE = 8000
"""Candidates that the groups are found by; the others join them."""
INSIDE = 0.25
"""A labeled image is inside a group if it is nearer to the middle than this share of the group's images are."""
SIZE_COUNTS = 0.6
"""A group e times as large goes before one whose mean score is higher by less than this."""
OVERLAP = 0.3
"""Groups that have more than this share of their images in one that goes before them are left out."""
NEAREST = 6


def coverage(index: FeatureIndex, labels: Labels, limit: int = MOST_GAPS) -> list[Gap]:
    """Groups of unlabeled images that look like S and hold no labeled image, the likest to S and largest first.

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
    rising = np.sort(learned.scores[known.unlabeled])
    if len(rising) < FEWEST_IMAGES:
        return []
    least = min(
        float(np.quantile(learned.left_out, AS_LOW_AS_S)),
        float(np.quantile(rising, 1 - HIGHEST_SHARE)),
    )
    candidates = known.unlabeled[learned.scores[known.unlabeled] >= least]
    groups = _without_overlap(_unknown_groups(index, known, candidates, learned.scores), len(index.used), limit)
    return [
        Gap(
            _images(index, labels, group.rows, Label.UNLABELED),
            float(np.searchsorted(rising, group.score) / len(rising)),
            _images(index, labels, group.nearest, Label.SENSITIVE),
        )
        for group in groups
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
    """The groups of `candidates`, in all groupings, around whose middle there is no labeled image."""
    random = np.random.default_rng(SEED)
    groupings = _groupings(index, candidates, random)
    sensitive, normal = some(known.sensitive, MOST, random), some(known.normal, MOST, random)
    sensitive_values, normal_values = index.values(index.used[sensitive]), index.values(index.used[normal])
    for centres, (groups, cosines) in zip(groupings, _members(index, candidates, groupings), strict=True):
        to_sensitive = sensitive_values @ centres.T
        closest = np.maximum(to_sensitive.max(axis=0), (normal_values @ centres.T).max(axis=0, initial=-1))
        for number in range(len(centres)):
            members = np.flatnonzero(groups == number)
            if len(members) < FEWEST_IMAGES or closest[number] >= np.quantile(cosines[members], INSIDE):
                continue
            rows = candidates[members]
            rows = rows[np.argsort(-scores[rows], kind="stable")]
            nearest = sensitive[np.argsort(-to_sensitive[:, number], kind="stable")[:NEAREST]]
            yield _Group(float(scores[rows].mean()), rows, nearest)


def _without_overlap(groups: Iterator[_Group], rows: int, limit: int) -> list[_Group]:
    """The first `limit` groups, of those that share many images the first alone."""
    chosen: list[_Group] = []
    taken = np.zeros(rows, bool)
    for group in sorted(groups, key=lambda group: -group.score - SIZE_COUNTS * math.log(len(group.rows))):
        if len(chosen) == limit:
            break
        if taken[group.rows].mean() <= OVERLAP:
            taken[group.rows] = True
            chosen.append(group)
    return chosen


def _groupings(index: FeatureIndex, candidates: Places, random: np.random.Generator) -> list[Floats]:
    """The middles of the groups, two groupings for each size of `PER_GROUP`."""
    values = index.values(index.used[some(candidates, SAMPLE, random)])
    sizes = [min(max(len(candidates) // size, FEWEST_GROUPS), MOST_GROUPS, len(values)) for size in PER_GROUP]
    return [centres_of(values, count, random) for count in sizes for _ in range(2)]


def _members(
    index: FeatureIndex, candidates: Places, groupings: Sequence[Floats]
) -> list[tuple[NDArray[np.int32], Floats]]:
    """For each grouping, ``(n,)`` each: the group of every candidate, and its cosine with the group's middle."""
    groups = np.empty((len(groupings), len(candidates)), np.int32)
    cosines = np.empty((len(groupings), len(candidates)), np.float32)
    start = 0
    for values in index.chunks():
        first, end = np.searchsorted(candidates, (start, start + len(values)))
        within = values[candidates[first:end] - start]
        for number, centres in enumerate(groupings):
            groups[number, first:end], cosines[number, first:end] = nearest_centres(within, centres)
        start += len(values)
    return list(zip(groups, cosines, strict=True))


def _images(index: FeatureIndex, labels: Labels, rows: Places, label: Label) -> NDArray[np.int64]:
    """The images under `label` that have these rows, in the order of `rows`."""
    place = np.full(len(index.used), len(rows), np.int64)
    place[rows] = np.arange(len(rows))
    with_label = np.flatnonzero(labels == label)
    places = place[index.compact[with_label]]
    order = np.argsort(places, kind="stable")
    return index.ids[with_label[order[places[order] < len(rows)]]]
