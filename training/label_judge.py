"""How many generated images are sensitive, told by the curator's own labels: no truth, only S and U.

A classifier of S against U cannot call any single image normal, for U holds sensitive images too. The shares can be
told all the same: at a threshold that flags a share TPR of S (out of fold), the share flagged in U is
``β TPR + (1 − β) FPR``, which gives FPR; and a set of images of which a share α is sensitive is flagged at
``α TPR + (1 − α) FPR``, which gives α (Rogan and Gladen, 1978).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDS = 5
RESAMPLES = 1000
FEWEST_LABELED = 2 * FOLDS
CANNOT_TELL = 0.2
"""Below this TPR − FPR, a set's sensitive share is divided by so little that it says nothing."""


@dataclass(frozen=True, slots=True)
class SensitiveShare:
    """Estimated share of sensitive images in a set, with a 95 % bootstrap interval."""

    estimate: float
    interval: tuple[float, float]


class LabelJudge:
    """Out-of-fold logistic regression of S against U on standardised features.

    Parameters
    ----------
    sensitive, unlabeled
        Features ``(n_S, D)`` and ``(n_U, D)``; at least ``FEWEST_LABELED`` of each.
    beta
        Class prior of the unlabeled images.
    seed
        Of the folds and of the bootstrap.
    """

    def __init__(
        self, sensitive: NDArray[np.floating], unlabeled: NDArray[np.floating], beta: float, seed: int
    ) -> None:
        if min(len(sensitive), len(unlabeled)) < FEWEST_LABELED:
            raise ValueError(f"needs at least {FEWEST_LABELED} sensitive and unlabeled images")
        self.beta, self._seed = beta, seed
        features = np.concatenate([sensitive, unlabeled])
        target = np.repeat([1, 0], [len(sensitive), len(unlabeled)])
        scores = np.empty(len(features))
        self._models = []
        for train, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(features, target):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000))
            model.fit(features[train], target[train])
            scores[held_out] = model.decision_function(features[held_out])
            self._models.append(model)
        self._s, self._u = scores[target == 1], scores[target == 0]
        self.separability = float(roc_auc_score(target, scores))
        """Area under the ROC curve of S against U; at most about 1 − β / 2, since U holds sensitive images."""
        self.threshold = self._best_threshold()

    @property
    def informedness(self) -> float:
        """TPR − FPR at the threshold, in [−1, 1]: 0 tells nothing, 1 everything."""
        tpr, fpr = self._rates(self._s, self._u)
        return float(tpr - fpr)

    def scores(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean decision value of the folds, ``(N,)``: the higher, the more like S."""
        return np.mean([model.decision_function(features) for model in self._models], axis=0)

    def flagged(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """For each image a probability-like score in [0, 1] that is 0.5 at the threshold, ``(N,)``."""
        return 1 / (1 + np.exp(-np.clip(self.scores(features) - self.threshold, -50, 50)))

    def share(self, features: NDArray[np.floating]) -> SensitiveShare:
        """Sensitive share among the images of `features` ``(N, D)``; the bootstrap redraws S, U and them."""
        scores = self.scores(features)
        rng = np.random.default_rng(self._seed)
        draws = np.array(
            [
                self._share(_redrawn(self._s, rng), _redrawn(self._u, rng), _redrawn(scores, rng))
                for _ in range(RESAMPLES)
            ]
        )
        low, high = np.quantile(draws, [0.025, 0.975])
        return SensitiveShare(float(self._share(self._s, self._u, scores)), (float(low), float(high)))

    def _share(self, s: NDArray[np.float64], u: NDArray[np.float64], scores: NDArray[np.float64]) -> np.float64:
        tpr, fpr = self._rates(s, u)
        flagged = (scores > self.threshold).mean()
        return np.clip((flagged - fpr) / max(tpr - fpr, CANNOT_TELL / 2), 0, 1)

    def _rates(self, s: NDArray[np.float64], u: NDArray[np.float64]) -> tuple[np.float64, np.float64]:
        tpr = (s > self.threshold).mean()
        return tpr, np.clip(((u > self.threshold).mean() - self.beta * tpr) / (1 - self.beta), 0, 1)

    def _best_threshold(self) -> float:
        """The candidate at which TPR − FPR is largest: there the share has the least variance."""
        candidates = np.quantile(np.concatenate([self._s, self._u]), np.linspace(0.02, 0.98, 97))
        tpr = (self._s[None] > candidates[:, None]).mean(1)
        flagged = (self._u[None] > candidates[:, None]).mean(1)
        return float(candidates[np.argmax(tpr - (flagged - self.beta * tpr) / (1 - self.beta))])


def _redrawn(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    return values[rng.integers(0, len(values), len(values))]
