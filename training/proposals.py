"""Settings with which a model that does not fit a device's memory would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from training import optimizer
from training.arithmetic import enable_gradient_checkpointing
from training.families import DiffusionModel
from training.memory import readable
from training.needs import Preflight, Probe
from training.spec import RunSpec

LORA_RANK = 16
"""Of the adapters that are proposed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Settings with which a run takes less memory.

    Attributes
    ----------
    settings
        Values by dotted key, as `training.spec.with_settings` takes them.
    needed
        Bytes with one image at a time, estimated.
    """

    settings: dict[str, Any]
    needed: int
    fits: bool

    def __str__(self) -> str:
        values = " and ".join(f"{key} to {str(value).lower()}" for key, value in self.settings.items())
        return f"{values} ({readable(self.needed)})"


def proposals(short: Preflight, model: DiffusionModel, spec: RunSpec, measure: Probe) -> list[Proposal]:
    """What needs less memory where not even one image at a time fits, in the order in which to try it.

    Gradient checkpointing changes nothing but the time. LoRA, where the family has it, trains less of the model, and
    8-bit Adam has coarser moments: each is proposed by itself, on top of checkpointing.
    """
    found: list[Proposal] = []
    settings: dict[str, Any] = {}

    def propose(setting: str, value: Any, needs: Preflight) -> Preflight:
        measured = measure(needs) if needs.activations is None else needs
        fits = measured.activations is not None and measured.fits(1)
        found.append(Proposal(settings | {setting: value}, measured.needed(1), fits))
        return measured

    with _checkpointing(model.denoiser) as newly:
        if newly:
            short = propose("model.gradient_checkpointing", True, replace(short, activations=None))
            settings["model.gradient_checkpointing"] = True
            if found[-1].fits:
                return found
        if model.lora_targets and spec.model.lora_rank == 0:
            propose("model.lora_rank", LORA_RANK, _with_lora(short, model, spec))
        if spec.optim.optimizer == "adamw":
            sizes = [parameter.numel() for parameter in model.denoiser.parameters() if parameter.requires_grad]
            share = optimizer.state_bytes(sizes, "adamw8bit") / optimizer.state_bytes(sizes, "adamw")
            propose("optim.optimizer", "adamw8bit", replace(short, optimizer=round(share * short.optimizer)))
    return found


def sentence(short: Preflight, found: list[Proposal], device: torch.device) -> str:
    """That the run does not fit, and what would."""
    bound = "about" if short.activations is not None else "more than"
    where = "the GPU" if device.type == "cuda" else "this machine"
    fitting = [str(proposal) for proposal in found if proposal.fits]
    if fitting:
        advice = f"set {', or '.join(fitting)}"
    elif found:
        advice = (
            f"not even {', nor '.join(map(str, found))} would do: take a smaller model or a device with more memory"
        )
    else:
        advice = "take a smaller model or a device with more memory"
    return (
        f"Training this model with one image at a time takes {bound} {readable(short.needed(1))} of memory, and "
        f"{where} has {readable(short.there)} for it; {advice}."
    )


@contextmanager
def _checkpointing(denoiser: Any) -> Iterator[bool]:
    """Gradient checkpointing where the network has it; yields whether it had been off."""
    newly = denoiser._supports_gradient_checkpointing and not denoiser.is_gradient_checkpointing
    if newly:
        enable_gradient_checkpointing(denoiser)
    try:
        yield newly
    finally:
        if newly:
            denoiser.disable_gradient_checkpointing()


def _with_lora(short: Preflight, model: DiffusionModel, spec: RunSpec) -> Preflight:
    """Adapters beside frozen weights; activations as without them, which is a little too much."""
    layers = [
        module
        for name, module in model.denoiser.named_modules()
        if isinstance(module, nn.Linear) and name.endswith(tuple(f".{target}" for target in model.lora_targets))
    ]
    sizes = [LORA_RANK * size for layer in layers for size in (layer.in_features, layer.out_features)]
    adapters = 4 * sum(sizes)
    return replace(
        short,
        weights=short.weights + adapters,
        trainable=sum(sizes),
        gradients=adapters,
        ema=adapters,
        optimizer=optimizer.state_bytes(sizes, spec.optim.optimizer),
    )
