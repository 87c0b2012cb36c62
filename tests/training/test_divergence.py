"""Divergence is noticed soon, never without cause, and told in words that help."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.divergence import WINDOW, DivergenceWatch, advice
from training.spec import ObjectiveSpec, OptimSpec, RunSpec


def told(losses: list[float]) -> list[str]:
    watch = DivergenceWatch()
    return [problem for loss in losses if (problem := watch.diverged(loss, 1.0)) is not None]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_or_gradient_that_is_no_number(bad: float) -> None:
    assert DivergenceWatch().diverged(bad, 1.0) == "the loss is no longer a finite number"
    assert DivergenceWatch().diverged(1.0, bad) == "the loss is no longer a finite number"


def test_growth_is_told_with_its_figures() -> None:
    problems = told([10.0] * 50 + [90.0] * WINDOW)
    assert problems[0] == "the loss on unlabeled images has grown from 10 to 90"


def test_noise_alone_is_no_divergence() -> None:
    """Losses of single batches vary severalfold, and a run from scratch starts a hundred times higher."""
    rng = np.random.default_rng(0)
    falling = 3000 * np.exp(-np.arange(1000) / 50) + 20
    assert told(list(falling * rng.lognormal(0, 0.7, 1000))) == []


def test_advice_names_what_the_run_has() -> None:
    spec = RunSpec(objective=ObjectiveSpec(correction="abs", positive_weight=1.0), optim=OptimSpec(learning_rate=3e-4))
    assert advice(spec) == (
        "start a new run with a learning rate of 0.0001 or without the L_S⁺ term (objective.positive_weight 0) or "
        "the correction hinge"
    )
    assert "smaller β than 0.3" in advice(RunSpec(objective=ObjectiveSpec(beta=0.3)))
    assert (
        advice(RunSpec(objective=ObjectiveSpec(kind="unsupervised"))) == "start a new run with a learning rate of 3e-05"
    )
