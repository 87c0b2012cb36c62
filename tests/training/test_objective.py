"""The objective against closed forms, finite differences and autograd."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.objective import (
    SMALLEST_LOSS,
    image_losses,
    pnu_terms,
    pu_terms,
    sensitive_cross_entropy,
    supervised_terms,
)
from training.spec import ObjectiveSpec

U_ABOVE = [4.0, 6.0]  # with S below: R = 5 − 0.2 · 3 = 4.4
S_BELOW = [2.0, 4.0]
U_UNDER = [0.3, 0.5]  # with S above: R = 0.4 − 0.2 · 10 = −1.6
S_ABOVE = [8.0, 12.0]


def spec(**changes: object) -> ObjectiveSpec:
    return ObjectiveSpec(**({"beta": 0.2, "positive_weight": 1.0} | changes))


def tensor(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def positive(s: list[float]) -> float:
    """β L_S⁺ in plain Python."""
    return 0.2 * sum(-math.log(1 - math.exp(-x)) for x in s) / len(s)


class TestPositiveUnlabeled:
    @pytest.mark.parametrize(
        ("correction", "u", "s", "expected"),
        [
            ("abs", U_ABOVE, S_BELOW, positive(S_BELOW) + 4.4),
            ("max", U_ABOVE, S_BELOW, positive(S_BELOW) + 4.4),
            ("hinge", U_ABOVE, S_BELOW, positive(S_BELOW) + 4.4),
            ("abs", U_UNDER, S_ABOVE, positive(S_ABOVE) + 1.6),
            ("max", U_UNDER, S_ABOVE, 1.6),
            ("hinge", U_UNDER, S_ABOVE, positive(S_ABOVE) + 0.4),
        ],
    )
    def test_loss_is_the_closed_form(self, correction: str, u: list[float], s: list[float], expected: float) -> None:
        terms = pu_terms(tensor(u), tensor(s), spec(correction=correction))
        assert terms.loss.item() == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("correction", ["abs", "max", "hinge"])
    @pytest.mark.parametrize(("u", "s"), [(U_ABOVE, S_BELOW), (U_UNDER, S_ABOVE)])
    @pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
    def test_gradient_is_that_of_finite_differences(
        self, correction: str, u: list[float], s: list[float], weight: float
    ) -> None:
        settings = spec(correction=correction, positive_weight=weight)
        assert torch.autograd.gradcheck(lambda a, b: pu_terms(a, b, settings).loss, (tensor(u), tensor(s)))

    @pytest.mark.parametrize(
        ("correction", "u", "s", "on_u", "on_s"),
        [
            # d/dℓ of R is +1/n_U on U and −β/n_S on S; the sign of R turns both for abs and max, and hinge drops S.
            ("abs", U_ABOVE, S_BELOW, 0.5, -0.1),
            ("max", U_ABOVE, S_BELOW, 0.5, -0.1),
            ("hinge", U_ABOVE, S_BELOW, 0.5, -0.1),
            ("abs", U_UNDER, S_ABOVE, -0.5, 0.1),
            ("max", U_UNDER, S_ABOVE, -0.5, 0.1),
            ("hinge", U_UNDER, S_ABOVE, 0.5, 0.0),
        ],
    )
    def test_direction_of_each_correction(
        self, correction: str, u: list[float], s: list[float], on_u: float, on_s: float
    ) -> None:
        unlabeled, sensitive = tensor(u), tensor(s)
        pu_terms(unlabeled, sensitive, spec(correction=correction, positive_weight=0.0)).loss.backward()
        assert unlabeled.grad is not None and sensitive.grad is not None
        assert unlabeled.grad.tolist() == pytest.approx([on_u] * 2)
        assert sensitive.grad.tolist() == pytest.approx([on_s] * 2)

    def test_max_drops_the_positive_term_while_r_is_negative(self) -> None:
        with_it = pu_terms(tensor(U_UNDER), tensor(S_ABOVE), spec(correction="max", positive_weight=1.0))
        without = pu_terms(tensor(U_UNDER), tensor(S_ABOVE), spec(correction="max", positive_weight=0.0))
        assert with_it.loss.item() == without.loss.item()

    @pytest.mark.parametrize("correction", ["abs", "max", "hinge"])
    @pytest.mark.parametrize("loss", [0.0, 1e-30, 1e-8, SMALLEST_LOSS, 1e-3, 0.6931, 0.7, 10.0, 90.0, 1e4, 1e30])
    @pytest.mark.parametrize("other", [0.0, 1.0, 1e30])
    def test_finite_everywhere(self, correction: str, loss: float, other: float) -> None:
        for u, s in ((loss, other), (other, loss)):
            unlabeled, sensitive = torch.tensor([u], requires_grad=True), torch.tensor([s], requires_grad=True)
            value = pu_terms(unlabeled, sensitive, spec(correction=correction)).loss
            value.backward()
            assert unlabeled.grad is not None and sensitive.grad is not None
            assert math.isfinite(value.item())
            assert math.isfinite(unlabeled.grad.item()) and math.isfinite(sensitive.grad.item())


class TestSensitiveCrossEntropy:
    @given(st.floats(min_value=1e-5, max_value=300.0))
    def test_value_and_gradient_are_the_closed_forms(self, loss: float) -> None:
        x = torch.tensor([loss], dtype=torch.float64, requires_grad=True)
        value = sensitive_cross_entropy(x)
        value.backward()
        assert x.grad is not None
        exact = -math.log1p(-math.exp(-loss)) if loss > 1 else -math.log(-math.expm1(-loss))
        assert value.item() == pytest.approx(exact, rel=1e-9, abs=1e-300)
        assert x.grad.item() == pytest.approx(-1 / math.expm1(loss), rel=1e-9, abs=1e-300)

    def test_float32_keeps_the_tail(self) -> None:
        """A plain log(1 - exp(-x)) gives 0 here: float32 cannot hold 1 − 2e−9."""
        assert sensitive_cross_entropy(torch.tensor([20.0])).item() == pytest.approx(math.exp(-20), rel=1e-5)


class TestReduction:
    def test_sum_is_over_pixels_and_channels(self) -> None:
        prediction, target = torch.zeros(2, 3, 4, 5), torch.full((2, 3, 4, 5), 2.0)
        assert image_losses(prediction, target, "sum").tolist() == [240.0, 240.0]
        assert image_losses(prediction, target, "mean").tolist() == [4.0, 4.0]

    def test_error_is_taken_in_float32(self) -> None:
        prediction = torch.full((1, 3, 64, 64), 0.1, dtype=torch.bfloat16)
        target = torch.zeros(1, 3, 64, 64)
        exact = prediction.double().square().sum().item()
        losses = image_losses(prediction, target, "sum")
        assert losses.dtype == torch.float32
        assert losses.item() == pytest.approx(exact, rel=1e-5)

    @pytest.mark.parametrize("reduction", ["sum", "mean"])
    @pytest.mark.parametrize("correction", ["abs", "max", "hinge"])
    def test_gradient_through_the_image_loss(self, reduction: str, correction: str) -> None:
        """Autograd against the chain rule by hand: Σ_i (dL/dℓ_i) · 2 (prediction − target) / (1 or C·H·W)."""
        torch.manual_seed(0)
        settings = spec(correction=correction, reduction=reduction)
        prediction = torch.randn(6, 1, 3, 3, requires_grad=True)
        target = torch.randn(6, 1, 3, 3)
        losses = image_losses(prediction, target, settings.reduction)
        pu_terms(losses[:4], losses[4:], settings).loss.backward()
        leaf = losses.detach().requires_grad_()
        pu_terms(leaf[:4], leaf[4:], settings).loss.backward()
        assert leaf.grad is not None and prediction.grad is not None
        scale = 1 if reduction == "sum" else 9
        by_hand = leaf.grad[:, None, None, None] * 2 * (prediction.detach() - target) / scale
        torch.testing.assert_close(prediction.grad, by_hand)


class TestBaselines:
    def test_supervised_is_the_mean_over_the_union(self) -> None:
        """Two of ten images sensitive: the stratified batch must weigh them as the data does."""
        terms = supervised_terms(tensor([1.0, 3.0]), tensor([0.5]), sensitive_share=0.2)
        assert terms.loss.item() == pytest.approx(0.8 * 2.0 + 0.2 * -math.log(1 - math.exp(-0.5)))

    def test_pnu_mixes_both_risks(self) -> None:
        settings = spec(correction="abs", pnu_weight=0.3)
        pu = pu_terms(tensor(U_ABOVE), tensor(S_BELOW), settings).loss.item()
        terms = pnu_terms(tensor(U_ABOVE), tensor(S_BELOW), tensor([1.0, 2.0]), settings)
        assert terms.loss.item() == pytest.approx(0.7 * pu + 0.3 * (positive(S_BELOW) + 0.8 * 1.5))

    @pytest.mark.parametrize(("weight", "equal"), [(0.0, True), (1.0, False)])
    def test_pnu_without_weight_is_pu(self, weight: float, equal: bool) -> None:
        settings = spec(pnu_weight=weight)
        pu = pu_terms(tensor(U_ABOVE), tensor(S_BELOW), settings).loss
        pnu = pnu_terms(tensor(U_ABOVE), tensor(S_BELOW), tensor([9.0]), settings).loss
        assert (pu.item() == pnu.item()) is equal
