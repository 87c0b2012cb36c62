"""Kinds that look like S and were missed."""

from __future__ import annotations

import numpy as np

from pudm_gui.project.model import Label
from pudm_gui.suggest.coverage import coverage
from pudm_gui.suggest.index import FeatureIndex
from tests.pudm_gui.suggest.conftest import MakeIndex
from tests.pudm_gui.suggest.test_classifier import Digits, labels_of


def kinds() -> tuple[np.ndarray, np.ndarray]:
    """Two sensitive kinds of 40, alike and apart, and normal ones all around: unit vectors, and which kind each is."""
    rng = np.random.default_rng(0)
    shared = np.eye(16)[0]
    middles = [1.2 * shared + np.eye(16)[1], 1.2 * shared + np.eye(16)[2], *np.eye(16)[3:9]]
    kind = np.repeat(np.arange(8), [40, 40, *[150] * 6])
    values = np.array(middles)[kind] + 0.15 * rng.normal(size=(len(kind), 16))
    return values / np.linalg.norm(values, axis=1, keepdims=True), kind


def test_the_missed_kind_is_the_first_gap(make_index: MakeIndex) -> None:
    values, kind = kinds()
    index = make_index(values)
    gaps = coverage(index, labels_of(index, np.flatnonzero(kind == 0)[:10]))
    first = gaps[0]
    assert (kind[first.ids - 1] == 1).sum() >= 35
    assert (kind[first.ids - 1] == 1).mean() > 0.9
    assert first.closeness > 0.85
    assert (kind[first.nearest - 1] == 0).all()
    assert first.size == len(first.ids) >= 5


def test_a_label_in_the_kind_closes_the_gap(make_index: MakeIndex) -> None:
    values, kind = kinds()
    index = make_index(values)
    labeled = labels_of(index, np.flatnonzero(kind == 0)[:10])
    for label in (Label.SENSITIVE, Label.NORMAL):
        labels = labeled.copy()
        for gap in coverage(index, labels):
            if (kind[gap.ids - 1] == 1).any():
                labels[gap.ids[:8] - 1] = label
        missed = [gap for gap in coverage(index, labels) if (kind[gap.ids - 1] == 1).mean() > 0.5]
        assert sum(gap.size for gap in missed) < 15


def test_too_few_labels_find_nothing(make_index: MakeIndex) -> None:
    values, kind = kinds()
    index = make_index(values)
    assert coverage(index, labels_of(index, np.flatnonzero(kind == 0)[:4])) == []
    assert coverage(index, labels_of(index, np.array([], int))) == []


def test_copies_are_members_too(make_index: MakeIndex) -> None:
    values, kind = kinds()
    whole = make_index(values)
    copied = np.flatnonzero(kind == 1)
    index = FeatureIndex(whole.store, np.arange(1, len(kind) + 41), np.concatenate([np.arange(len(kind)), copied]), 0)
    gaps = coverage(index, labels_of(index, np.flatnonzero(kind == 0)[:10]))
    rows = index.rows[gaps[0].ids - 1]
    missed = rows[kind[rows] == 1]
    assert len(missed) == 2 * len(np.unique(missed)) > 60


def test_everything_labeled_leaves_no_gap(make_index: MakeIndex) -> None:
    values, kind = kinds()
    index = make_index(values)
    assert coverage(index, labels_of(index, np.flatnonzero(kind < 2), np.flatnonzero(kind >= 2))) == []


def test_nines_that_were_never_labeled_are_among_the_first_gaps(digits: Digits) -> None:
    index, digit = digits
    odd_but_nine = np.flatnonzero(np.isin(digit, (1, 3, 5, 7)))
    labeled = np.random.default_rng(0).choice(odd_but_nine, 100, replace=False)
    gaps = coverage(index, labels_of(index, labeled))
    nines = [np.mean(digit[gap.ids[:12] - 1] == 9) for gap in gaps]
    assert max(nines) >= 0.5
