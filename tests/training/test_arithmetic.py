"""Attention in float32 within a bf16 network, in both directions."""

from __future__ import annotations

import torch
from diffusers import UNet2DModel
from torch import Tensor
from torch.nn import functional

from tests.training.builders import TINY_UNET
from tests.training.families.tiny_pipelines import SIDE, unet
from tests.training.families.tiny_text import HIDDEN
from training.arithmetic import attention, enable_gradient_checkpointing, layout
from training.device import Precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def network() -> UNet2DModel:
    torch.manual_seed(0)
    return UNet2DModel(sample_size=8, in_channels=1, out_channels=1, **TINY_UNET).train()


def gradients(net: UNet2DModel, precision: Precision) -> list[Tensor]:
    torch.manual_seed(1)
    images, timesteps = torch.randn(4, 1, 8, 8), torch.arange(4)
    net.zero_grad()
    with attention(CPU, precision):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            prediction = net(images, timesteps).sample
        prediction.float().square().sum().backward()
    return [parameter.grad.clone() for parameter in net.parameters() if parameter.grad is not None]


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def test_attention_is_as_exact_as_float32_and_comes_out_as_bf16() -> None:
    query, key, value = torch.randn(3, 2, 1, 16, 8).bfloat16()
    exact = functional.scaled_dot_product_attention(query.float(), key.float(), value.float())
    with attention(CPU, "bf16"):
        found = attend(query, key, value)
        masked = attend(query, key, value, torch.zeros(16, 16, dtype=torch.bool).fill_diagonal_(True))
    assert found.dtype == torch.bfloat16 == attend(query, key, value).dtype
    torch.testing.assert_close(found, exact.bfloat16(), rtol=0, atol=0)
    torch.testing.assert_close(masked, value)  # who sees itself alone


def test_gradients_are_those_of_the_network_to_the_precision_of_bf16() -> None:
    exact, found = gradients(network(), "float32"), gradients(network(), "bf16")
    apart = sum((one - other).square().sum() for one, other in zip(exact, found, strict=True))
    assert 0 < apart < 1e-3 * sum(one.square().sum() for one in exact)


def test_gradient_checkpointing_recomputes_the_same() -> None:
    """Also in blocks with attention, which this network's are and an unconditional one's are not."""
    net = unet().train()
    images, timesteps, text = torch.randn(2, 4, SIDE, SIDE), torch.arange(2), torch.randn(2, 5, HIDDEN)

    def found() -> list[Tensor]:
        net.zero_grad()
        with attention(CPU, "bf16"):
            with torch.autocast("cpu", torch.bfloat16):
                prediction = net(images, timesteps, encoder_hidden_states=text).sample
            prediction.float().square().sum().backward()
        return [parameter.grad.clone() for parameter in net.parameters() if parameter.grad is not None]

    plain = found()
    enable_gradient_checkpointing(net)
    assert net.is_gradient_checkpointing
    for one, other in zip(plain, found(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_nothing_is_changed_where_it_does_not_pay() -> None:
    query = torch.randn(1, 1, 4, 8).bfloat16()
    plain = attend(query, query, query)
    for device, precision in ((CPU, "float32"), (GPU, "bf16")):
        with attention(device, precision):  # type: ignore[arg-type]
            assert torch.equal(attend(query, query, query), plain)
    with attention(CPU, "bf16"):  # outside autocast too
        assert functional.scaled_dot_product_attention(query, query, query).dtype == torch.bfloat16


def test_channels_come_last_on_a_gpu_alone() -> None:
    assert layout(GPU) == torch.channels_last and layout(CPU) == torch.contiguous_format
