"""β, the share of sensitive images among the unlabeled ones, estimated from S, U and a classifier between them.

Best-bin estimation (Garg et al., NeurIPS 2021, "Mixture Proportion Estimation and PU Learning"): of the images that
score above a threshold c, let q_S(c) be the share of S and q_U(c) that of U. Above every threshold

    q_U(c) = β q_S(c) + (1 − β) q_N(c) ≥ β q_S(c),

so q_U / q_S is too high by what normal images get above c, and the best threshold is the one where an upper confidence
bound of that ratio is smallest. On classes that overlap at every threshold the estimate errs high.

U here are the images that a run will train on as unlabeled, so β is theirs: that S was taken out of the same pool
before (which leaves U with a smaller share than the pool had) needs no further correction.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.atomic import write_atomic
from training.data import build_cache_to_look_at
from training.errors import UserError
from training.events import EventLog
from training.features import best_features
from training.manifest import read_manifest
from training.metrics import wilson_interval
from training.runs import RunFolder
from training.separator import FEWEST, separate

CONFIDENCE = 0.1
"""δ of the bound that chooses the threshold."""
SKEW = 1.5
"""Normal images' scores reach this much farther above their median than below, measured on digits and MNIST."""
RESAMPLES = 500
MOST_IMAGES = 4000
"""Of S and of U each; more would not narrow the interval by what they cost."""
ERR_HIGH = 1.5
"""The proposal is at least this many times the estimate: in the paper 0.15 to 0.2 worked best where 0.09 was true."""
PROPOSALS = (0.01, 0.5)
FEW_LABELS = 100
SEPARABLE = 0.95
"""From this AUC of S against normal images on, the estimate is taken at its word."""
LARGEST_PLAUSIBLE = 0.5
FILE = "prior.json"


@dataclass(frozen=True, slots=True)
class PriorEstimate:
    """`prior.json`."""

    beta: float
    interval: tuple[float, float]
    """95 %, by bootstrap over S and U; its lower end allows for normal images among the highest scores."""
    proposal: float
    """What to train with: on the high side, since too low a β leaves sensitive images in."""
    n_sensitive: int
    n_unlabeled: int
    separability: float
    """Estimated AUC of S against the normal images of U."""
    warning: str | None
    method: str


def estimate_prior(run: RunFolder, log: EventLog) -> PriorEstimate:
    """Estimate β from a run's manifest, write ``prior.json`` into its folder and emit it as ``result``.

    Raises
    ------
    UserError
        Fewer than ten images in S or U, or images or features that cannot be used.
    """
    spec = run.spec()
    cache = build_cache_to_look_at(run.cache, spec, read_manifest(run.manifest_file), log)
    sensitive, unlabeled = cache.indices("sensitive"), cache.indices("unlabeled", "normal")
    if min(len(sensitive), len(unlabeled)) < FEWEST:
        raise UserError(
            f"An estimate needs at least {FEWEST} images labeled sensitive and {FEWEST} others, and there are "
            f"{len(sensitive)} and {len(unlabeled)}; label more, or set β by hand."
        )
    rng = np.random.default_rng(spec.seed)
    parts = [np.sort(rng.permutation(part)[:MOST_IMAGES]) for part in (sensitive, unlabeled)]
    extract = best_features(spec)
    chosen = np.concatenate(parts)
    features = extract(
        cache.images[chosen],
        lambda done, total: log.emit("progress", what="Looking at the images", done=done, total=total),
    )
    what = "Telling sensitive from unlabeled images"
    log.emit("progress", what=what, done=0, total=1)
    separation = separate(features[: len(parts[0])], features[len(parts[0]) :], spec.seed)
    estimate = estimate_from_scores(separation.sensitive, separation.unlabeled, spec.seed, extract.name)
    log.emit("progress", what=what, done=1, total=1)
    write_atomic(run.path / FILE, json.dumps(asdict(estimate), indent=2, ensure_ascii=False) + "\n")
    log.emit("result", **asdict(estimate))
    return estimate


def estimate_from_scores(
    sensitive: NDArray[np.floating], unlabeled: NDArray[np.floating], seed: int, features: str
) -> PriorEstimate:
    """Estimate β from scores that were not learned, ``(n_S,)`` and ``(n_U,)``; higher is more like S.

    Parameters
    ----------
    seed
        Of the bootstrap.
    features
        What the scores were made from, for `PriorEstimate.method`.
    """
    beta, _ = best_bin(sensitive, unlabeled)
    rng = np.random.default_rng(seed)
    draws = np.array([best_bin(_redrawn(sensitive, rng), _redrawn(unlabeled, rng)) for _ in range(RESAMPLES)])
    low, high = float(np.quantile(draws[:, 1], 0.025)), float(np.quantile(draws[:, 0], 0.975))
    high = max(high, wilson_interval(0, len(unlabeled))[1])  # redrawing images of which none is sensitive finds none
    separability = _separability(sensitive, unlabeled, beta)
    return PriorEstimate(
        beta=beta,
        interval=(min(low, beta), max(high, beta)),
        proposal=_proposal(beta, high, separability),
        n_sensitive=len(sensitive),
        n_unlabeled=len(unlabeled),
        separability=separability,
        warning=_warning(len(sensitive), separability),
        method=f"best-bin estimation on out-of-fold scores of a support vector machine; features: {features}",
    )


def best_bin(sensitive: NDArray[np.floating], unlabeled: NDArray[np.floating]) -> tuple[float, float]:
    """q_U / q_S at the threshold where its upper confidence bound is smallest, and the least that β may be instead.

    The least takes q_N out of the ratio. As many normal images are taken to lie above the threshold as lie below its
    mirror image on the other side of their median, where hardly any sensitive one is.
    """
    thresholds = np.unique(sensitive)
    above_s, above_u = _share_above(sensitive, thresholds), _share_above(unlabeled, thresholds)
    log_term = math.log(4 / CONFIDENCE)
    slack = math.sqrt(log_term / (2 * len(unlabeled))) + math.sqrt(log_term / (2 * len(sensitive)))
    best = int(np.argmin((above_u + slack) / above_s))
    q_s, q_u = above_s[best], above_u[best]
    ratio = float(min(q_u / q_s, 1.0))
    median = np.quantile(unlabeled, (1 - ratio) / 2)  # of the normal images, which lie below the sensitive ones
    mirrored = median - (thresholds[best] - median) / SKEW
    q_n = min(float((unlabeled < mirrored).mean()), q_u)
    least = (q_u - q_n) / (q_s - q_n) if q_s > q_n else 0.0
    return ratio, float(min(max(least, 0.0), ratio))


def _share_above(scores: NDArray[np.floating], thresholds: NDArray[np.floating]) -> NDArray[np.float64]:
    return 1 - np.searchsorted(np.sort(scores), thresholds, side="left") / len(scores)


def _separability(sensitive: NDArray[np.floating], unlabeled: NDArray[np.floating], beta: float) -> float:
    """AUC of S against U, freed of the sensitive share of U, which no classifier can tell from S.

    An estimate of more than a half usually comes of kinds that cannot be told apart; freeing the AUC of that much would
    leave noise divided by little, so it stays as it is then, and low.
    """
    target = np.repeat([1, 0], [len(sensitive), len(unlabeled)])
    mixed = float(roc_auc_score(target, np.concatenate([sensitive, unlabeled])))
    return mixed if beta > LARGEST_PLAUSIBLE else min(max((mixed - beta / 2) / (1 - beta), 0.0), 1.0)


def _proposal(beta: float, high: float, separability: float) -> float:
    """Err high, but no higher where the estimate itself already errs high."""
    wanted = max(ERR_HIGH * beta, high) if separability >= SEPARABLE else beta
    lowest, highest = PROPOSALS
    return min(max(math.ceil(100 * wanted - 1e-9) / 100, lowest), highest)


def _warning(labeled: int, separability: float) -> str | None:
    found = []
    if labeled < FEW_LABELS:
        found.append(
            f"Only {labeled} images are labeled sensitive: with {FEW_LABELS} or more the estimate is steadier."
        )
    if separability < SEPARABLE:
        found.append(
            "Sensitive and normal images are hard to tell apart here, so the estimate is probably too high: look at a "
            "random sample of the unlabeled images to be surer."
        )
    return " ".join(found) or None


def _redrawn(values: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    return values[rng.integers(0, len(values), len(values))]
