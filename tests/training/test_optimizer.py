"""AdamW as it always was, and with its moments in 8 bits where the package for it is there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tests.training.builders import make_run
from training.errors import UserError
from training.events import EventLog
from training.optimizer import build, check, state_bytes
from training.spec import OptimSpec
from training.train import run_training

EIGHT_BITS = OptimSpec(optimizer="adamw8bit")
CPU = torch.device("cpu")


def bytes_of_state(optimizer: torch.optim.Optimizer) -> int:
    """Of the two moments and their scales; the map from 8 bits to values is one for all tensors."""
    return sum(
        value.nbytes
        for state in optimizer.state.values()
        for name, value in state.items()
        if isinstance(value, torch.Tensor) and name != "step" and not name.startswith("qmap")
    )


def fitted(optimizer: torch.optim.Optimizer, network: nn.Module, steps: int) -> float:
    """The loss after `steps` on a task that the network can learn."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(64, 8, 4, 4, generator=generator)
    wanted = values.flip(1)
    for _ in range(steps):
        loss = (network(values) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def network() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(8, 64, 3, padding=1), nn.SiLU(), nn.Conv2d(64, 8, 3, padding=1))
    return layers.to(memory_format=torch.channels_last)


def test_adamw_is_fused_and_has_the_specs_settings() -> None:
    (group,) = build(network().parameters(), OptimSpec(learning_rate=3e-4, weight_decay=0.02)).param_groups
    assert (group["lr"], group["weight_decay"], group["betas"], group["fused"]) == (3e-4, 0.02, (0.9, 0.999), True)


def test_only_what_is_trained_gets_moments() -> None:
    layers = network()
    frozen = next(layers.parameters()).requires_grad_(False)
    (group,) = build(layers.parameters(), OptimSpec()).param_groups
    assert frozen not in set(group["params"]) and len(group["params"]) == 3


def test_the_memory_of_the_moments_is_foretold() -> None:
    layers = network()
    optimizer = build(layers.parameters(), OptimSpec())
    fitted(optimizer, layers, 1)
    assert bytes_of_state(optimizer) == state_bytes([p.numel() for p in layers.parameters()], "adamw")


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(UserError, match=r"needs the package bitsandbytes, .*pip install bitsandbytes"):
        build(network().parameters(), EIGHT_BITS)
    check(OptimSpec(), CPU)


def test_a_package_without_a_kernel_for_the_device_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unable(torch.optim.AdamW):
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            raise NotImplementedError("no kernel for cpu\nfollowed by a list")

    package = SimpleNamespace(optim=SimpleNamespace(AdamW8bit=Unable))
    monkeypatch.setitem(sys.modules, "bitsandbytes", package)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"does not work on this CPU .*\(no kernel for cpu\); update") as told:
        check(EIGHT_BITS, CPU)
    assert "\n" not in str(told.value)


def test_8_bit_adam_learns_as_adam_does_with_a_quarter_of_its_memory() -> None:
    pytest.importorskip("bitsandbytes")
    losses, sizes = [], []
    for spec in (OptimSpec(learning_rate=3e-3), EIGHT_BITS.model_copy(update={"learning_rate": 3e-3})):
        layers = network()
        optimizer = build(layers.parameters(), spec)
        losses.append(fitted(optimizer, layers, 60))
        sizes.append(bytes_of_state(optimizer))
        assert sizes[-1] == state_bytes([p.numel() for p in layers.parameters()], spec.optimizer)
    assert losses[0] < 0.5 and losses[1] == pytest.approx(losses[0], rel=0.1)
    assert sizes[1] < 0.28 * sizes[0]


def test_8_bit_adam_finds_its_weights_laid_out_as_it_needs_them() -> None:
    pytest.importorskip("bitsandbytes")
    layers = network()
    build(layers.parameters(), EIGHT_BITS)
    assert all(parameter.is_contiguous() for parameter in layers.parameters())


def test_a_resumed_run_goes_on_with_the_same_8_bit_moments(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    run = make_run(tmp_path, model__source="scratch", optim__optimizer="adamw8bit", optim__steps=4, checkpoint__keep=2)
    weights = []
    for _ in range(2):
        run_training(run, EventLog(run.events_file))
        last = run.checkpoints / "step-00000004"
        weights.append(load_file(last / "model.safetensors"))
        shutil.rmtree(last)  # so that the second time goes on from step 2
    assert any(
        value.dtype == torch.uint8
        for value in load_file(run.checkpoints / "step-00000002" / "optimizer.safetensors").values()
    )
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=0, atol=0)
