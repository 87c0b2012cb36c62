"""β from labels: on scores of known make, on real digits, and as a stage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.training.builders import make_run
from training.errors import UserError
from training.events import EventLog
from training.prior import best_bin, estimate_from_scores, estimate_prior
from training.separator import separate


def scores(beta: float, gap: float, n_s: int, n_u: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """S scores N(gap, 1); U a share `beta` of that and otherwise N(0, 1)."""
    rng = np.random.default_rng(seed)
    hidden = round(beta * n_u)
    return rng.normal(gap, 1, n_s), np.concatenate([rng.normal(gap, 1, hidden), rng.normal(0, 1, n_u - hidden)])


def test_perfectly_separated_scores_give_the_share_itself() -> None:
    sensitive, unlabeled = scores(0.1, 100, 200, 1000, 0)
    estimate, least = best_bin(sensitive, unlabeled)
    assert estimate == pytest.approx(0.1, abs=0.02)
    assert least == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("beta", [0.02, 0.09, 0.3])
@pytest.mark.parametrize("gap", [2, 4])
def test_interval_holds_the_truth(beta: float, gap: float) -> None:
    held = []
    for seed in range(10):
        low, high = estimate_from_scores(*scores(beta, gap, 200, 1000, seed), seed, "synthetic").interval
        held.append(low <= beta <= high)
    assert sum(held) >= 9


def test_overlapping_classes_err_high_and_say_so() -> None:
    estimate = estimate_from_scores(*scores(0.09, 1, 200, 2000, 0), 0, "synthetic")
    assert estimate.beta > 0.09
    assert estimate.warning is not None and "hard to tell apart" in estimate.warning


@pytest.mark.parametrize("seed", range(5))
def test_kinds_that_cannot_be_told_apart_are_warned_of(seed: int) -> None:
    estimate = estimate_from_scores(*scores(0.09, 0, 200, 800, seed), seed, "synthetic")
    assert estimate.warning is not None and "hard to tell apart" in estimate.warning


def test_few_labels_are_warned_of() -> None:
    few = estimate_from_scores(*scores(0.1, 5, 40, 500, 0), 0, "synthetic")
    enough = estimate_from_scores(*scores(0.1, 5, 150, 500, 0), 0, "synthetic")
    assert few.warning is not None and "40 images" in few.warning
    assert enough.warning is None


@pytest.mark.parametrize(("n_u", "most"), [(20, 0.161), (1000, 0.0038)])
def test_nothing_found_among_few_images_is_not_certainly_nothing(n_u: int, most: float) -> None:
    estimate = estimate_from_scores(*scores(0, 100, 100, n_u, 0), 0, "synthetic")
    assert estimate.beta == 0 and estimate.interval == (0, pytest.approx(most, rel=0.02))
    assert estimate.proposal >= most


@pytest.mark.parametrize("beta", [0.01, 0.09, 0.45])
def test_proposal_is_usable_and_on_the_high_side(beta: float) -> None:
    estimate = estimate_from_scores(*scores(beta, 6, 200, 1000, 0), 0, "synthetic")
    assert 0.01 <= estimate.proposal <= 0.5
    assert estimate.proposal >= min(estimate.interval[1], 0.5) - 1e-9


def test_digits_with_a_known_share() -> None:
    """The demo's setting: 540 even and 54 odd digits unlabeled, 200 odd ones labeled."""
    data = load_digits()
    rng = np.random.default_rng(0)
    odd, even = (rng.permutation(data.data[data.target % 2 == kind] / 8 - 1) for kind in (1, 0))
    separation = separate(odd[54:254], np.concatenate([even[:540], odd[:54]]), seed=0)
    estimate = estimate_from_scores(separation.sensitive, separation.unlabeled, 0, "pixels")
    assert estimate.interval[0] <= 54 / 594 <= estimate.interval[1]
    assert estimate.beta == pytest.approx(54 / 594, abs=0.03)
    assert estimate.warning is None


def test_separate_does_not_score_what_it_learned() -> None:
    """Of noise alone nothing can be told, however many numbers describe an image."""
    rng = np.random.default_rng(0)
    separation = separate(rng.normal(size=(60, 200)), rng.normal(size=(60, 200)), seed=0)
    beaten = (separation.sensitive[:, None] > separation.unlabeled).mean()
    assert 0.3 < beaten < 0.7


def test_stage_writes_and_emits_the_estimate(tmp_path: Path) -> None:
    run = make_run(tmp_path, images={"unlabeled": 60, "sensitive": 20, "normal": 6})
    estimate = estimate_prior(run, EventLog(run.events_file))
    written = json.loads((run.path / "prior.json").read_text("utf-8"))
    assert written["beta"] == estimate.beta and written["interval"] == list(estimate.interval)
    assert (written["n_sensitive"], written["n_unlabeled"]) == (20, 66)
    results = [event for event in run.events() if event["event"] == "result"]
    assert results[-1]["proposal"] == estimate.proposal
    assert estimate.beta < 0.1  # the squares of `write_images` are easily told apart and none is hidden among U


def test_too_few_labels_get_a_sentence(tmp_path: Path) -> None:
    run = make_run(tmp_path, images={"unlabeled": 24, "sensitive": 4})
    with pytest.raises(UserError, match=r"at least 10 images labeled sensitive .* there are 4 and 24"):
        estimate_prior(run, EventLog(run.events_file))
