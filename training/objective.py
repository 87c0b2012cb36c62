"""The PU-DM objective and its baselines, as pure functions of per-image losses.

Source: Takahashi et al., "Positive-Unlabeled Diffusion Models for Preventing Sensitive Data Generation", ICLR 2025,
arXiv 2503.03789; nnPU: Kiryo et al., NeurIPS 2017; absPU: Hammoudeh and Lowd, NeurIPS 2020; PNU: Sakai et al.,
ICML 2017. "hinge" is ours.

With the model p(y = normal | x) = exp(−ℓ(x)), the two halves of the binary cross-entropy are

    BCE(x, normal)    = ℓ(x)
    BCE(x, sensitive) = −log(1 − exp(−ℓ(x)))

and with L_U⁻, L_S⁻ the batch means of ℓ over unlabeled and sensitive images, L_S⁺ that of BCE(x, sensitive),

    R = L_U⁻ − β L_S⁻,       an estimate of (1 − β) E_normal[ℓ], so negative by noise or by overfitting alone.

None of the objectives is a mean over images: the sign of R belongs to the whole batch. A batch that is computed in
parts or on several devices is put together by its ℓ first; `loss_weights` then gives each image its share of the
gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.spec import ObjectiveSpec, Reduction

SMALLEST_LOSS = 1e-6
"""−log(1 − exp(−ℓ)) diverges as ℓ → 0; below this ℓ it is held constant, at 13.8."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Scalars of one batch; ``None`` where the objective has no such term. `loss` is the one to differentiate."""

    loss: Tensor
    l_u: Tensor
    l_s: Tensor | None = None
    l_s_plus: Tensor | None = None
    r: Tensor | None = None


def image_losses(prediction: Tensor, target: Tensor, reduction: Reduction, temperature: float = 1.0) -> Tensor:
    """ℓ of each image: the squared error over pixels and channels, over the temperature.

    Parameters
    ----------
    prediction, target
        ``(B, C, H, W)`` of any float dtype; the error is taken in float32.
    reduction
        "sum" (the paper's) or "mean" over ``C × H × W``. It is more than a scale: ℓ enters exp(−ℓ).
    temperature
        Divides ℓ: between 1 and ``C × H × W``, "sum" goes over into "mean".

    Returns
    -------
    ``(B,)`` float32.
    """
    squares = (prediction.float() - target.float()).square()
    axes = tuple(range(1, squares.dim()))
    return (squares.sum(axes) if reduction == "sum" else squares.mean(axes)) / temperature


def loss_weights(losses: Tensor, objective: Callable[[Tensor], Terms]) -> tuple[Terms, Tensor]:
    """The terms of a whole batch, and ∂ loss / ∂ ℓ of each image.

    By the chain rule Σ (∂ loss / ∂ ℓ_i) ∇ℓ_i is the objective's gradient, and this sum, unlike the objective, may be
    taken in parts.

    Parameters
    ----------
    losses
        ``(B,)``: ℓ of the whole batch, of all micro-batches and processes.

    Returns
    -------
    Detached terms, and weights ``(B,)``.
    """
    leaf = losses.detach().requires_grad_()
    with torch.enable_grad():
        terms = objective(leaf)
    (weights,) = torch.autograd.grad(terms.loss, leaf)
    values = (getattr(terms, name) for name in Terms.__slots__)
    return Terms(*(None if value is None else value.detach() for value in values)), weights  # type: ignore[arg-type]


def sensitive_cross_entropy(losses: Tensor) -> Tensor:
    """−log(1 − exp(−ℓ)) for each ℓ ≥ 0, with finite values and gradients everywhere; same shape as `losses`."""
    clamped = losses.clamp_min(SMALLEST_LOSS)
    # Each branch gets arguments that are harmless to it, or the unused branch's infinite gradient would leak as NaN.
    # Not by clamping, which has no gradient where the argument is the bound itself.
    small = clamped < 0.6931  # log 2, where the two forms lose equally little
    near = torch.where(small, clamped, 0.5)
    far = torch.where(small, 1.0, clamped)
    return torch.where(small, -torch.log(-torch.expm1(-near)), -torch.log1p(-torch.exp(-far)))


def pu_terms(unlabeled: Tensor, sensitive: Tensor, spec: ObjectiveSpec) -> Terms:
    """Positive-unlabeled risk of one batch (arXiv 2503.03789, Eqs. for L_S⁺, L_U⁻, L_S⁻).

    With w = ``spec.positive_weight`` (1 in the paper) and P = w β L_S⁺:

    - "abs":   P + |R|
    - "max":   P + R while R ≥ 0, else −R alone
    - "hinge": P + R while R ≥ 0, else P + L_U⁻; never ascends on unlabeled images

    Parameters
    ----------
    unlabeled, sensitive
        ℓ of the batch's unlabeled ``(n_U,)`` and sensitive ``(n_S,)`` images, neither empty. Both must hold the global
        batch: the sign of R is not additive over parts of it.
    """
    l_u, l_s = unlabeled.mean(), sensitive.mean()
    l_s_plus = sensitive_cross_entropy(sensitive).mean()
    r = l_u - spec.beta * l_s
    positive = spec.positive_weight * spec.beta * l_s_plus
    if spec.correction == "abs":
        loss = positive + r.abs()
    elif spec.correction == "max":
        loss = torch.where(r >= 0, positive + r, -r)
    else:
        loss = positive + torch.where(r >= 0, r, l_u)
    return Terms(loss, l_u, l_s, l_s_plus, r)


def supervised_terms(unlabeled: Tensor, sensitive: Tensor, sensitive_share: float) -> Terms:
    """Unlabeled taken for normal: the mean cross-entropy over U ∪ S (the paper's supervised baseline).

    Parameters
    ----------
    unlabeled, sensitive
        As for `pu_terms`.
    sensitive_share
        |S| / (|U| + |S|) of the data. Batches are stratified, so their own share says nothing.
    """
    l_u = unlabeled.mean()
    l_s_plus = sensitive_cross_entropy(sensitive).mean()
    loss = (1 - sensitive_share) * l_u + sensitive_share * l_s_plus
    return Terms(loss, l_u, sensitive.mean(), l_s_plus)


def pnu_terms(unlabeled: Tensor, sensitive: Tensor, normal: Tensor, spec: ObjectiveSpec) -> Terms:
    """(1 − η) of the PU risk plus η of the supervised risk β L_S⁺ + (1 − β) L_N, with η = ``spec.pnu_weight``."""
    pu = pu_terms(unlabeled, sensitive, spec)
    assert pu.l_s_plus is not None
    supervised = spec.positive_weight * spec.beta * pu.l_s_plus + (1 - spec.beta) * normal.mean()
    loss = (1 - spec.pnu_weight) * pu.loss + spec.pnu_weight * supervised
    return Terms(loss, pu.l_u, pu.l_s, pu.l_s_plus, pu.r)
