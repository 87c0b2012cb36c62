"""The calm line through noisy losses."""

from __future__ import annotations

import numpy as np
import pytest

from pudm_gui.train.smoothing import robust_range, smoothed, thinned


def test_a_straight_line_stays_where_it_is() -> None:
    line = np.linspace(3.0, 7.0, 500)
    assert smoothed(line)[40:-40] == pytest.approx(line[40:-40])
    assert smoothed(np.full(40, 2.5)) == pytest.approx(2.5)


def test_noise_is_calmed_without_lag() -> None:
    random = np.random.default_rng(0)
    truth = np.exp(-np.linspace(0, 5, 1000))
    calm = smoothed(truth + random.normal(scale=0.1, size=1000))
    assert np.abs(calm - truth)[30:].max() < 0.1
    assert np.std((calm - truth)[100:]) < 0.025


def test_gaps_are_bridged_and_nothing_stays_nothing() -> None:
    values = np.array([1.0, np.nan, 1.0, np.nan, np.nan, 1.0])
    assert smoothed(values) == pytest.approx(1.0)
    assert np.isnan(smoothed(np.full(3, np.nan))).all()
    assert smoothed(np.array([])).shape == (0,)


def test_the_range_leaves_out_the_wildest_values() -> None:
    values = np.concatenate([np.linspace(0, 1, 1000), [1e6, np.inf, np.nan]])
    low, high = robust_range(values) or (np.nan, np.nan)
    assert -0.2 < low < 0.05
    assert 0.95 < high < 1.3
    assert robust_range(np.array([np.nan])) is None


def test_a_thinned_line_keeps_its_peaks_gaps_and_ends() -> None:
    values = np.sin(np.arange(10_001) / 50)
    values[1234], values[4321] = 9.0, -9.0
    values[6000:6500] = np.nan
    kept = thinned(values, 800)
    assert len(kept) <= 900
    assert (np.diff(kept) > 0).all()
    assert {1234, 4321, 10_000} <= set(kept.tolist())
    assert np.isnan(values[kept]).any()
    assert thinned(values[:500], 800).tolist() == list(range(500))
