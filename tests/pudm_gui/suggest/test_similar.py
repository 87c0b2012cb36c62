"""Images that look like others."""

from __future__ import annotations

import numpy as np
import pytest

from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.similar import MOST_QUERIES, SHARPNESS, similar
from tests.pudm_gui.suggest.conftest import MakeIndex


def around(count: int) -> np.ndarray:
    """Unit vectors at angles of 0, 1, … degrees."""
    angles = np.deg2rad(np.arange(count))
    return np.stack([np.cos(angles), np.sin(angles), 0 * angles, 0 * angles], axis=1)


def test_the_nearest_come_first_and_the_query_not_at_all(make_index: MakeIndex) -> None:
    found = similar(make_index(around(90)), np.array([1]), limit=3)
    assert found.ids.tolist() == [2, 3, 4]
    assert found.scores == pytest.approx(np.cos(np.deg2rad([1, 2, 3])), abs=1e-3)


def test_several_queries_find_what_is_near_any(make_index: MakeIndex) -> None:
    found = similar(make_index(around(91)), np.array([1, 91]), limit=4)
    assert sorted(found.ids.tolist()) == [2, 3, 89, 90]
    one, other = np.cos(np.deg2rad(1)), np.cos(np.deg2rad(89))
    soft = np.log((np.exp(SHARPNESS * one) + np.exp(SHARPNESS * other)) / 2) / SHARPNESS
    assert found.scores.max() == pytest.approx(soft, abs=2e-3)


def test_a_copy_scores_one(make_index: MakeIndex) -> None:
    whole = make_index(around(3))
    index = FeatureIndex(whole.store, np.array([1, 2, 3]), np.array([0, 0, 2]), 0)
    found = similar(index, np.array([1]))
    assert found.ids.tolist() == [2, 3]
    assert found.scores[0] == pytest.approx(1, abs=1e-3)


def test_images_without_features_are_passed_over(make_index: MakeIndex) -> None:
    index = make_index(around(5))
    assert len(similar(index, np.array([77]))) == 0
    assert similar(index, np.array([77, 1])).ids.tolist() == [2, 3, 4, 5]
    assert len(similar(index, index.ids)) == 0


def test_many_queries_are_thinned_out(make_index: MakeIndex) -> None:
    index = make_index(np.random.default_rng(0).normal(size=(MOST_QUERIES + 100, 8)))
    found = similar(index, index.ids[: MOST_QUERIES + 50], limit=10)
    assert len(found) == 10
    assert not np.isin(found.ids, index.ids[: MOST_QUERIES + 50]).any()


def test_a_real_digit_finds_its_like(digits: tuple[FeatureIndex, np.ndarray]) -> None:
    index, digit = digits
    right = [
        np.mean(digit[similar(index, index.ids[[place]], 10).ids - 1] == 0) for place in np.flatnonzero(digit == 0)[:20]
    ]
    assert np.mean(right) > 0.9
