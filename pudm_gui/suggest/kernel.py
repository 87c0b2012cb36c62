"""Kernel logistic regression on a few hundred landmarks: small enough to be fitted anew after every label.

With unit rows x and landmarks m_j the model is

    z(x) = b + Σ_j a_j exp(γ (⟨x, m_j⟩ − 1)),        p(sensitive | x) = 1 / (1 + exp(−z)),

fitted by Newton's method to the weighted log loss plus ½ λ‖f‖², where ‖f‖ is the norm of the kernel's space (Nyström:
Williams and Seeger, NIPS 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GAMMA = 2.0
"""Sharpness of the kernel. 1 is smoother and 4 sharper than what ranked best; see `tests/benchmarks/README.md`."""
RIDGE = 1e-3
"""λ."""
JITTER = 1e-4
STEPS = 15
CONVERGED = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class KernelModel:
    """z of any rows."""

    landmarks: NDArray[np.float32]
    """``(m, K)``, rows of length 1."""
    weights: NDArray[np.float32]
    """``(m,)``: a."""
    bias: float

    def scores(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(n,)``: z of each row of ``(n, K)``."""
        return _kernel(values, self.landmarks) @ self.weights + np.float32(self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    model: KernelModel
    left_out: NDArray[np.float64]
    """``(n,)``: z of each training row by the model fitted without it, to first order."""


def fit(
    values: NDArray[np.float32],
    targets: NDArray[np.floating],
    weights: NDArray[np.floating],
    landmarks: NDArray[np.float32],
) -> Fit:
    """Fit the model.

    Parameters
    ----------
    values
        ``(n, K)`` float32, rows of length 1.
    targets
        ``(n,)``: 1 for sensitive, 0 for not.
    weights
        ``(n,)``: of each row in the loss.
    landmarks
        ``(m, K)``, some of the rows, all different.
    """
    spectrum, axes = np.linalg.eigh(_kernel(landmarks, landmarks).astype(np.float64))
    to_axes = axes / np.sqrt(np.maximum(spectrum, 0) + JITTER)
    design = np.ones((len(values), len(landmarks) + 1))
    design[:, :-1] = _kernel(values, landmarks) @ to_axes
    ridge = np.full(design.shape[1], RIDGE)
    ridge[-1] = 1e-8  # the bias is free, but for what keeps the matrix regular
    solution = np.zeros(design.shape[1])
    for _ in range(STEPS):
        p = _sigmoid(design @ solution)
        gradient = design.T @ (weights * (p - targets)) + ridge * solution
        step = np.linalg.solve(_hessian(design, weights * p * (1 - p), ridge), gradient)
        solution -= step
        if np.abs(step).max() < CONVERGED:
            break
    model = KernelModel(landmarks, (to_axes @ solution[:-1]).astype(np.float32), float(solution[-1]))
    return Fit(model, _left_out(design, targets, weights, ridge, solution))


def _left_out(
    design: NDArray[np.float64],
    targets: NDArray[np.floating],
    weights: NDArray[np.floating],
    ridge: NDArray[np.float64],
    solution: NDArray[np.float64],
) -> NDArray[np.float64]:
    """z_i + h_i w_i (p_i − t_i) / (1 − h_i w_i p_i (1 − p_i)), h_i = x_iᵀ H⁻¹ x_i: one Newton step without row i."""
    z = design @ solution
    p = _sigmoid(z)
    inverse = np.linalg.inv(_hessian(design, weights * p * (1 - p), ridge))
    leverage = ((design @ inverse) * design).sum(axis=1)
    return z + leverage * weights * (p - targets) / np.maximum(1 - leverage * weights * p * (1 - p), 1e-3)


def _hessian(
    design: NDArray[np.float64], weights: NDArray[np.floating], ridge: NDArray[np.float64]
) -> NDArray[np.float64]:
    return (design * weights[:, None]).T @ design + np.diag(ridge)


def _kernel(values: NDArray[np.float32], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(n, m)``."""
    product = values @ (np.float32(GAMMA) * landmarks.T)
    product -= np.float32(GAMMA)
    return np.exp(product, out=product)


def _sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(z, -50, 50)))
