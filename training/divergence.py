"""Noticing that training has gone wrong, soon and without false alarm."""

from __future__ import annotations

import math
import statistics
from collections import deque

from training.spec import RunSpec

WINDOW = 25
"""Steps whose median is compared: ℓ of single batches varies severalfold."""
GROWTH = 4.0
"""Times the lowest running median of L_U⁻ so far, from which on a run counts as diverged."""


class DivergenceWatch:
    """Watches the denoising loss on unlabeled images, L_U⁻, which no objective is meant to raise."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=WINDOW)
        self._lowest = math.inf

    def diverged(self, l_u: float, grad_norm: float) -> str | None:
        """What went wrong with a step, as the end of a sentence, or ``None``."""
        if not (math.isfinite(l_u) and math.isfinite(grad_norm)):
            return "the loss is no longer a finite number"
        self._recent.append(l_u)
        if len(self._recent) < WINDOW:
            return None
        median = statistics.median(self._recent)
        self._lowest = min(self._lowest, median)
        if median > GROWTH * self._lowest:
            return f"the loss on unlabeled images has grown from {self._lowest:.3g} to {median:.3g}"
        return None


def advice(spec: RunSpec) -> str:
    """What to change, in words, most likely cause first."""
    changes = [f"a learning rate of {spec.optim.learning_rate / 3:.1g}"]
    objective = spec.objective
    if objective.kind in ("pu", "pnu"):
        if objective.positive_weight > 0:
            changes.append("without the L_S⁺ term (objective.positive_weight 0)")
        if objective.correction != "hinge":
            changes.append("the correction hinge")
        elif objective.beta > 0.1:
            changes.append(f"a smaller β than {objective.beta:g}")
    return "start a new run with " + (" or ".join(changes))
