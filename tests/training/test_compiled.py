"""A network that is compiled, and one that cannot be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from training.compiled import Compiled, compiled
from training.events import EventLog, LineReader


class Bend(nn.Module):
    """Answers as diffusers' networks do, by something to be indexed."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, values: Tensor) -> tuple[Tensor]:
        return (torch.tanh(self.linear(values)) * 2,)


def warnings(log: EventLog) -> list[str]:
    return [event["message"] for event in LineReader(log.path) if event["event"] == "warning"]


def fails(graph: object, inputs: object) -> Callable[..., Any]:
    raise RuntimeError("no compiler here\nand more about it")


def makes_what_fails(graph: object, inputs: object) -> Callable[..., Any]:
    def run(*arguments: object) -> object:
        raise ValueError("a kernel is missing")

    return run


@pytest.mark.parametrize(
    ("backend", "reason"), [(fails, "no compiler here"), (makes_what_fails, "a kernel is missing")]
)
def test_where_compilation_fails_the_network_computes_as_it_is(
    tmp_path: Path, backend: Callable[..., Any], reason: str
) -> None:
    network, log, values = Bend(), EventLog(tmp_path / "events.jsonl"), torch.randn(2, 3)
    wrapped = Compiled(network, log, backend=backend)
    for _ in range(2):
        torch.testing.assert_close(wrapped(values)[0], network(values)[0], rtol=0, atol=0)
    wrapped(values)[0].sum().backward()
    assert network.linear.weight.grad is not None
    (told,) = warnings(log)
    assert reason in told and "goes on without" in told and "\n" not in told


def test_a_backward_pass_that_cannot_be_compiled_is_noticed_at_the_first_call(tmp_path: Path) -> None:
    from torch._dynamo.backends.common import aot_autograd

    network, log = Bend(), EventLog(tmp_path / "events.jsonl")
    backend = aot_autograd(fw_compiler=lambda graph, inputs: graph.forward, bw_compiler=fails)
    Compiled(network, log, backend=backend)(torch.randn(2, 3))[0].sum().backward()
    assert network.linear.weight.grad is not None and len(warnings(log)) == 1


def test_the_networks_own_error_is_not_taken_for_one_of_compilation(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    wrapped = Compiled(Bend(), log, backend="eager")
    with pytest.raises(RuntimeError, match="shape"):
        wrapped(torch.randn(2, 4))
    assert warnings(log) == []


def test_too_little_memory_is_not_taken_for_failed_compilation(tmp_path: Path) -> None:
    def exhausted(graph: object, inputs: object) -> Callable[..., Any]:
        def run(*arguments: object) -> object:
            raise torch.OutOfMemoryError("too many images")

        return run

    log = EventLog(tmp_path / "events.jsonl")
    with pytest.raises(torch.OutOfMemoryError):
        Compiled(Bend(), log, backend=exhausted)(torch.randn(2, 3))
    assert warnings(log) == []


def test_compilation_draws_no_random_numbers_of_the_run(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Dropout(0.5), Bend())
    log, values = EventLog(tmp_path / "events.jsonl"), torch.randn(2, 3)
    torch.manual_seed(3)
    plain = network(values)[0]
    torch.manual_seed(3)
    torch.testing.assert_close(Compiled(network, log, backend="aot_eager")(values)[0], plain)
    assert warnings(log) == []


def test_it_has_the_networks_parameters_and_no_others(tmp_path: Path) -> None:
    network = Bend()
    wrapped = compiled(network, EventLog(tmp_path / "events.jsonl"))
    assert [id(value) for value in wrapped.parameters()] == [id(value) for value in network.parameters()]
    assert len(wrapped.state_dict()) == len(network.state_dict())


def test_copies_that_exchange_gradients_go_on_doing_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda network: network)
    network, log = Bend(), EventLog(tmp_path / "events.jsonl")
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    try:
        replicated = DistributedDataParallel(network)
        wrapped = compiled(replicated, log)
        for _ in range(2):  # the second fails where the first has not finished its exchange
            wrapped(torch.randn(2, 3))[0].sum().backward()
    finally:
        dist.destroy_process_group()
    assert wrapped is replicated and isinstance(replicated.module, Compiled)
    assert network.linear.weight.grad is not None and warnings(log) == []


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_compiled_for_real_it_computes_and_learns_as_the_network_itself(tmp_path: Path) -> None:
    network, log, values = Bend(), EventLog(tmp_path / "events.jsonl"), torch.randn(2, 3)
    wrapped = compiled(network, log)
    torch.testing.assert_close(wrapped(values)[0], network(values)[0])
    gradients = []
    for form in (wrapped, network):
        network.zero_grad()
        form(values)[0].square().sum().backward()
        assert network.linear.weight.grad is not None
        gradients.append(network.linear.weight.grad.clone())
    torch.testing.assert_close(*gradients)
    assert warnings(log) == []
