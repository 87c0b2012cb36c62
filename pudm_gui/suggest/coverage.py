"""Kinds of images that look like S, but of which none is labeled: where a sensitive mode may have been missed.

The unlabeled images that look most like S are grouped together with the labeled ones. A kind that the labels know has
its share of them; a group with hardly any is a gap. That is done several times, as one grouping cuts kinds in two by
chance.
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
PER_GROUP = 25
"""Images in a group, on average."""
FEWEST_GROUPS, MOST_GROUPS = 4, 256
GROUPINGS = 3
SAMPLE = 8000
"""Images that the groups are found by; the others join them."""
HARDLY_ANY = 0.25
"""A group is a gap if it has at most this part of the labels that one of its size would have on average."""
SIZE_COUNTS = 0.6
"""A group e times as large goes before one whose mean score is higher by less than this."""
OVERLAP = 0.3
"""Groups that have more than this share of their images in one that goes before them are left out."""
NEAREST = 6


def coverage(index: FeatureIndex, labels: Labels, limit: int = MOST_GAPS) -> list[Gap]:
    """Groups of unlabeled images that look like S and hold no or hardly any label, the likest to S and largest first.

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
    groups = _without_overlap(_unknown_groups(index, known, learned.scores, least), len(index.used), limit)
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


def _unknown_groups(index: FeatureIndex, known: Known, scores: NDArray[np.float32], least: float) -> Iterator[_Group]:
    """The groups with hardly any label, in all groupings of S and of what scores at least `least`."""
    random = np.random.default_rng(SEED)
    alike = np.sort(
        np.concatenate([known.sensitive, *(rows[scores[rows] >= least] for rows in (known.normal, known.unlabeled))])
    )
    unlabeled = np.isin(alike, known.unlabeled)
    usual = HARDLY_ANY * len(known.sensitive) / len(alike)
    sensitive = some(known.sensitive, MOST, random)
    sensitive_values = index.values(index.used[sensitive])
    groupings = _groupings(index, alike, random)
    for centres, groups in zip(groupings, _members(index, alike, groupings), strict=True):
        sizes = np.bincount(groups, minlength=len(centres))
        open_ = np.bincount(groups[unlabeled], minlength=len(centres))
        for number in np.flatnonzero((open_ >= FEWEST_IMAGES) & (sizes - open_ <= usual * sizes)):
            rows = alike[unlabeled & (groups == number)]
            rows = rows[np.argsort(-scores[rows], kind="stable")]
            nearest = sensitive[np.argsort(-(sensitive_values @ centres[number]), kind="stable")[:NEAREST]]
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


def _groupings(index: FeatureIndex, rows: Places, random: np.random.Generator) -> list[Floats]:
    """The middles of the groups, in each grouping."""
    values = index.values(index.used[some(rows, SAMPLE, random)])
    count = min(max(len(rows) // PER_GROUP, FEWEST_GROUPS), MOST_GROUPS, len(values))
    return [centres_of(values, count, random) for _ in range(GROUPINGS)]


def _members(index: FeatureIndex, rows: Places, groupings: Sequence[Floats]) -> NDArray[np.int32]:
    """``(groupings, n)``: the group of each of `rows`, which rise."""
    groups = np.empty((len(groupings), len(rows)), np.int32)
    start = 0
    for values in index.chunks():
        first, end = np.searchsorted(rows, (start, start + len(values)))
        within = values[rows[first:end] - start]
        for number, centres in enumerate(groupings):
            groups[number, first:end] = nearest_centres(within, centres)
        start += len(values)
    return groups


def _images(index: FeatureIndex, labels: Labels, rows: Places, label: Label) -> NDArray[np.int64]:
    """The images under `label` that have these rows, in the order of `rows`."""
    place = np.full(len(index.used), len(rows), np.int64)
    place[rows] = np.arange(len(rows))
    with_label = np.flatnonzero(labels == label)
    places = place[index.compact[with_label]]
    order = np.argsort(places, kind="stable")
    return index.ids[with_label[order[places[order] < len(rows)]]]
