"""The likeliest sensitive images, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from pudm_gui.project.model import Label
from pudm_gui.suggest.calibration import better_than_chance, probabilities, separability
from pudm_gui.suggest.classifier import rank
from pudm_gui.suggest.diversity import diverse
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.kernel import fit
from pudm_gui.suggest.model import Labels
from tests.pudm_gui.suggest.conftest import MakeIndex

Digits = tuple[FeatureIndex, np.ndarray]


def labels_of(index: FeatureIndex, sensitive: np.ndarray, normal: np.ndarray | tuple[()] = ()) -> Labels:
    """By places in ``index.ids``."""
    labels = np.zeros(len(index), np.uint8)
    labels[sensitive] = Label.SENSITIVE
    labels[np.asarray(normal, np.int64)] = Label.NORMAL
    return labels


def two_kinds(rare: int = 20, others: int = 180) -> np.ndarray:
    """Unit vectors around two directions, those of the rare kind first."""
    rng = np.random.default_rng(0)
    middles = np.repeat(np.eye(8)[[0, 1]], [rare, others], axis=0)
    values = middles + 0.2 * rng.normal(size=middles.shape)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def test_the_kind_that_is_labeled_comes_first(make_index: MakeIndex) -> None:
    index = make_index(two_kinds())
    found = rank(index, labels_of(index, np.arange(6)))
    assert set(found.ranking.ids[:14].tolist()) == set(range(7, 21))
    assert (np.diff(found.ranking.scores) <= 0).all()
    assert found.basis == "classifier"
    assert found.reliable
    assert len(found.ranking) == 194


def test_one_label_works_like_similarity_and_promises_nothing(make_index: MakeIndex) -> None:
    index = make_index(two_kinds())
    found = rank(index, labels_of(index, np.array([0])))
    assert np.mean(found.ranking.ids[:19] <= 20) > 0.9
    assert found.basis == "similarity"
    assert not found.reliable
    assert found.level(0) == "unsure"


def test_without_a_sensitive_image_nothing_is_said(make_index: MakeIndex) -> None:
    index = make_index(two_kinds())
    found = rank(index, labels_of(index, np.array([], int), np.array([3])))
    assert found.basis == "nothing"
    assert len(found.ranking) == 199
    assert not found.ranking.scores.any()


def test_all_labeled_leaves_nothing(make_index: MakeIndex) -> None:
    index = make_index(two_kinds())
    found = rank(index, labels_of(index, np.arange(20), np.arange(20, 200)))
    assert len(found.ranking) == 0
    assert found.very_likely == found.likely == 0


def test_images_labeled_normal_take_their_kind_down(make_index: MakeIndex) -> None:
    rng = np.random.default_rng(1)
    middles = np.repeat(np.eye(8)[[0, 1, 2]], [30, 30, 300], axis=0)
    middles[30:60] = np.eye(8)[0] + 0.6 * np.eye(8)[1]
    index = make_index(middles + 0.15 * rng.normal(size=middles.shape))
    among_first = []
    for normal in (np.array([], int), np.arange(30, 42)):
        found = rank(index, labels_of(index, np.arange(8), normal))
        among_first.append(np.mean((found.ranking.ids[:22] > 30) & (found.ranking.ids[:22] <= 60)))
    assert among_first[1] < 0.1


def test_a_copy_of_a_labeled_image_is_as_that(make_index: MakeIndex) -> None:
    whole = make_index(two_kinds())
    rows = np.concatenate([np.arange(200), [0, 199]])
    index = FeatureIndex(whole.store, np.arange(1, 203), rows, 0)
    found = rank(index, labels_of(index, np.arange(6), np.array([199])))
    assert found.ranking.ids[0] == 201
    assert found.ranking.scores[0] == 1
    assert found.ranking.scores[np.flatnonzero(found.ranking.ids == 202)[0]] == 0


def test_a_content_under_both_labels_counts_as_unlabeled(make_index: MakeIndex) -> None:
    whole = make_index(two_kinds())
    index = FeatureIndex(whole.store, np.arange(1, 202), np.append(np.arange(200), 0), 0)
    labels = labels_of(index, np.arange(6), np.array([200]))
    assert len(rank(index, labels).ranking) == 194


def test_the_same_labels_give_the_same_list(make_index: MakeIndex) -> None:
    index = make_index(two_kinds())
    first, second = (rank(index, labels_of(index, np.arange(6))) for _ in range(2))
    assert np.array_equal(first.ranking.ids, second.ranking.ids)
    assert np.array_equal(first.ranking.scores, second.ranking.scores)


def test_labels_must_fit_the_index(make_index: MakeIndex) -> None:
    index = make_index(two_kinds())
    with pytest.raises(ValueError, match="labels"):
        rank(index, np.zeros(3, np.uint8))


def test_labels_that_say_nothing_are_not_trusted(make_index: MakeIndex) -> None:
    index = make_index(np.random.default_rng(2).normal(size=(400, 8)))
    found = rank(index, labels_of(index, np.arange(0, 400, 20)))
    assert not found.reliable
    assert found.very_likely == found.likely == 0


def test_on_real_digits_the_first_are_mostly_odd_and_levels_hold(digits: Digits) -> None:
    index, digit = digits
    odd = digit % 2 == 1
    labeled = np.random.default_rng(0).choice(np.flatnonzero(odd), 50, replace=False)
    found = rank(index, labels_of(index, labeled))
    right = odd[found.ranking.ids - 1]
    assert right[:100].mean() > 0.9
    assert right[: found.very_likely].mean() > 0.85
    assert 0.4 < right[found.very_likely : found.very_likely + found.likely].mean() < 1
    assert found.reliable


def test_left_out_scores_are_those_of_a_model_without_the_row() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 6)).astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    targets = (values[:, 0] + 0.3 * rng.normal(size=60) > 0.2).astype(float)
    weights = np.full(60, 1 / 60)
    whole = fit(values, targets, weights, values[:30])
    for row in range(5):
        without = np.where(np.arange(60) == row, 0, weights)
        exact = fit(values, targets, without, values[:30]).model.scores(values[[row]])[0]
        assert whole.left_out[row] == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize("apart", [2, 3, 5])
def test_probabilities_promise_no_more_than_is_true(apart: int) -> None:
    rng = np.random.default_rng(apart)
    sensitive, left_out = rng.normal(apart, 1, 500), rng.normal(apart, 1, 200)
    scores = np.concatenate([sensitive, rng.normal(0, 1, 4500)])
    order = np.argsort(-scores)
    found = probabilities(scores[order], left_out)
    truth = order < 500
    for low in (0.2, 0.5, 0.85):
        assert truth[found >= low].sum() >= (low - 0.1) * (found >= low).sum()
    assert (found >= 0.85).sum() > 300 or apart < 5
    assert found[-1] < 0.05
    assert (np.diff(found) <= 1e-6).all()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_scores_are_no_trouble(count: int) -> None:
    found = probabilities(np.arange(count, 0, -1.0), np.array([2.0]))
    assert len(found) == count
    assert ((found >= 0) & (found <= 1)).all()


def test_separability_is_the_area_under_the_curve() -> None:
    assert separability(np.array([1.0, 2.0, 3.0, 4.0]), np.array([5.0])) == 1
    assert separability(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.5])) == 0.5
    assert separability(np.array([2.0, 2.0]), np.array([2.0])) == 0.5
    assert not better_than_chance(0.9, 1)
    assert better_than_chance(0.7, 50)


def test_a_diverse_list_shows_each_thing_once(make_index: MakeIndex) -> None:
    values = np.repeat(np.eye(6), [1, 1, 5, 1, 1, 1], axis=0)
    index = make_index(values)
    found = rank(index, labels_of(index, np.array([0])))
    first = diverse(index, found.ranking, 5)
    assert len(first) == 5
    assert sum(3 <= id_ <= 7 for id_ in first.ids) == 1
    kept = np.isin(found.ranking.ids, first.ids)
    assert found.ranking.ids[kept].tolist() == first.ids.tolist()
