"""How many generated images are sensitive, told by the curator's own labels: no truth, only S and U.

A classifier of S against U cannot call any single image normal, for U holds sensitive images too. The shares can be
told all the same: at a threshold that flags a share TPR of S (out of fold), the share flagged in U is
``β TPR + (1 − β) FPR``, which gives FPR; and a set of images of which a share α is sensitive is flagged at
``α TPR + (1 − α) FPR``, which gives α (Rogan and Gladen, 1978).

β is estimated here (`training.prior.best_bin`), with its doubt carried into the interval. The β that a model is trained
with is set high on purpose and would count too many images as sensitive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.metrics import wilson_interval
from training.prior import best_bin
from training.separator import separate

RESAMPLES = 500
CANNOT_TELL = 0.2
"""Below this TPR − FPR, a set's sensitive share is divided by so little that it says nothing."""

Scores = NDArray[np.float64]
_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True, slots=True)
class SensitiveShare:
    """Estimated share of sensitive images in a set, with a 95 % bootstrap interval."""

    estimate: float
    interval: tuple[float, float]


class LabelJudge:
    """A classifier of S against U (`training.separator`) and what its out-of-fold scores tell about its errors.

    Parameters
    ----------
    sensitive, unlabeled
        Features ``(n_S, D)`` and ``(n_U, D)``; at least ``training.separator.FEWEST`` of each.
    seed
        Of the folds and of the bootstrap.
    """

    def __init__(self, sensitive: NDArray[np.floating], unlabeled: NDArray[np.floating], seed: int) -> None:
        self._seed = seed
        self._separation = separate(sensitive, unlabeled, seed)
        self._s, self._u = self._separation.sensitive, self._separation.unlabeled
        target = np.repeat([1, 0], [len(self._s), len(self._u)])
        self.separability = float(roc_auc_score(target, np.concatenate([self._s, self._u])))
        """Area under the ROC curve of S against U; at most about 1 − β / 2, since U holds sensitive images."""
        self.beta = min(sum(best_bin(self._s, self._u)) / 2, 0.95)
        """Estimated share of sensitive images in U: midway, for best-bin estimation alone errs high."""
        self.threshold = self._best_threshold()

    @property
    def informedness(self) -> float:
        """TPR − FPR at the threshold, in [−1, 1]: 0 tells nothing, 1 everything."""
        tpr, fpr = self._rates(self._s, self._u, self.beta)
        return tpr - fpr

    def scores(self, features: NDArray[np.floating]) -> Scores:
        """Mean decision value of the folds, ``(N,)``: the higher, the more like S."""
        return self._separation.scores(features)

    def flagged(self, features: NDArray[np.floating]) -> Scores:
        """For each image a probability-like score in [0, 1] that is 0.5 at the threshold, ``(N,)``."""
        return 1 / (1 + np.exp(-np.clip(self.scores(features) - self.threshold, -50, 50)))

    def share(self, features: NDArray[np.floating]) -> SensitiveShare:
        """Sensitive share among the images of `features` ``(N, D)``.

        The bootstrap redraws S, U and them. The interval's upper end takes the best bin's β; its lower end takes the
        least that β may be, which leaves more of U to be wrongly flagged. It is never narrower than the Wilson interval
        of the flagged share: where no image is flagged, redrawing them would never flag one either.
        """
        flags = self.scores(features) > self.threshold
        rng = np.random.default_rng(self._seed)
        lows, highs = [], []
        for _ in range(RESAMPLES):
            s, u, flagged = _redrawn(self._s, rng), _redrawn(self._u, rng), float(_redrawn(flags, rng).mean())
            beta, least = best_bin(s, u)
            lows.append(self._share(s, u, flagged, least))
            highs.append(self._share(s, u, flagged, beta))
        wilson = wilson_interval(int(flags.sum()), len(flags))
        estimate, fewest, most = (
            self._share(self._s, self._u, flagged, self.beta) for flagged in (float(flags.mean()), *wilson)
        )
        low, high = float(np.quantile(lows, 0.025)), float(np.quantile(highs, 0.975))
        return SensitiveShare(estimate, (min(low, fewest), max(high, most)))

    def _share(self, s: Scores, u: Scores, flagged: float, beta: float) -> float:
        tpr, fpr = self._rates(s, u, beta)
        return min(max((flagged - fpr) / max(tpr - fpr, CANNOT_TELL / 2), 0.0), 1.0)

    def _rates(self, s: Scores, u: Scores, beta: float) -> tuple[float, float]:
        tpr = float((s > self.threshold).mean())
        fpr = (float((u > self.threshold).mean()) - beta * tpr) / max(1 - beta, 0.05)
        return tpr, min(max(fpr, 0.0), 1.0)

    def _best_threshold(self) -> float:
        """The candidate at which TPR − FPR is largest: there the share has the least variance."""
        candidates = np.quantile(np.concatenate([self._s, self._u]), np.linspace(0.02, 0.98, 97))
        tpr = (self._s[None] > candidates[:, None]).mean(1)
        flagged = (self._u[None] > candidates[:, None]).mean(1)
        return float(candidates[np.argmax(tpr - (flagged - self.beta * tpr) / (1 - self.beta))])


def _redrawn(values: NDArray[_Kind], rng: np.random.Generator) -> NDArray[_Kind]:
    return values[rng.integers(0, len(values), len(values))]
