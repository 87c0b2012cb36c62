"""Rates and Fréchet distances against closed forms and against clean-fid."""

from __future__ import annotations

import numpy as np
import pytest
from cleanfid.fid import fid_from_feats
from scipy.stats import binomtest

from training.metrics import FrechetSpace, frechet_space, wilson_interval


class TestWilson:
    @pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 10), (3, 10), (487, 500), (500, 500), (1, 1)])
    def test_equals_scipys(self, k: int, n: int) -> None:
        expected = binomtest(k, n).proportion_ci(method="wilson")
        assert wilson_interval(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)

    @pytest.mark.parametrize(("k", "n"), [(1, 0), (-1, 3), (4, 3)])
    def test_refuses_what_is_no_proportion(self, k: int, n: int) -> None:
        with pytest.raises(ValueError, match="no proportion"):
            wilson_interval(k, n)


def gaussian(n: int, d: int, shift: float = 0.0, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, scale, (n, d))


def space_of(reference: np.ndarray) -> FrechetSpace:
    space = frechet_space(reference)
    assert space is not None
    return space


class TestFrechet:
    def test_equals_cleanfids_on_the_same_features(self) -> None:
        reference, other = gaussian(400, 12), gaussian(300, 12, 0.3, 1.4, seed=1)
        assert space_of(reference).distance(other) == pytest.approx(fid_from_feats(other, reference), abs=1e-6)

    def test_identical_sets_are_at_zero(self) -> None:
        features = gaussian(200, 8)
        assert space_of(features).distance(features) == pytest.approx(0, abs=1e-6)

    def test_closed_form_of_two_gaussians(self) -> None:
        """‖μ₁ − μ₂‖² + d (σ₁ − σ₂)² = 5 · 0.25 + 5 · 0.25, within sampling error."""
        distance = space_of(gaussian(40_000, 5)).distance(gaussian(40_000, 5, 0.5, 1.5, seed=1))
        assert distance == pytest.approx(2.5, rel=0.05)

    def test_few_references_carry_few_dimensions(self) -> None:
        space = space_of(gaussian(80, 64))
        assert space.dimension == 20
        assert space.distance(gaussian(80, 64, seed=1)) is not None

    def test_dead_features_do_not_make_it_singular(self) -> None:
        reference, other = gaussian(400, 10), gaussian(400, 10, 0.2, seed=1)
        dead = np.zeros((400, 6))
        with_dead = space_of(np.hstack([reference, dead]))
        assert with_dead.dimension == 10
        alone = space_of(reference).distance(other)
        assert with_dead.distance(np.hstack([other, dead])) == pytest.approx(alone, rel=1e-9)

    @pytest.mark.parametrize("reference", [gaussian(10, 4), np.ones((100, 4)), np.full((100, 4), np.nan)])
    def test_no_number_rather_than_a_wrong_one(self, reference: np.ndarray) -> None:
        assert frechet_space(reference) is None

    def test_too_few_samples_have_no_distance(self) -> None:
        assert space_of(gaussian(400, 20)).distance(gaussian(39, 20)) is None
