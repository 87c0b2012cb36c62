"""Before a run: whether it fits a device's memory, and with how many images at once."""

from __future__ import annotations

import torch

from training import optimizer
from training.device import Precision
from training.errors import UserError
from training.events import EventLog
from training.examples import Examples
from training.families import Conditions, DiffusionModel
from training.memory import readable
from training.needs import Preflight, Probe, counted
from training.proposals import proposals, sentence
from training.ranks import Ranks
from training.spec import RunSpec


def choose_micro_batch(
    model: DiffusionModel,
    spec: RunSpec,
    device: torch.device,
    precision: Precision,
    examples: Examples,
    ranks: Ranks,
    log: EventLog,
) -> int:
    """Check that the run fits, tell so, and return how many images go through the network at once on each process.

    It is the spec's number where that fits, else the largest that does; all processes take the smallest of theirs.

    Parameters
    ----------
    model
        Whole, and not yet on its device.

    Raises
    ------
    UserError
        The optimizer does not work here, or not even one image at a time fits, on this or on another process.
    """
    optimizer.check(spec.optim, device)
    some = examples.indices("unlabeled", "normal", "sensitive")[:1]
    _, conditions = examples.fetch(some, torch.full((1, 4), 0.5), device)
    try:
        found = preflight(model, spec, device, precision, conditions, ranks)
    except UserError:
        ranks.least(0, device)
        raise
    wanted = min(spec.optim.micro_batch or found.images, found.images)
    micro_batch = ranks.least(wanted if found.fits(wanted) else found.micro_batch, device)
    if micro_batch == 0:
        raise UserError(
            "Another process of this run has too little memory for a single image; its own output says what to change."
        )
    if spec.optim.micro_batch and micro_batch < wanted:
        log.emit(
            "warning",
            message=f"{wanted} images at a time need {readable(found.needed(wanted))} of memory, and there are "
            f"{readable(found.there)}, so the network gets {micro_batch}; the result is the same, a little slower.",
        )
    log.emit("preflight", **found.fields(micro_batch))
    return micro_batch


def preflight(
    model: DiffusionModel,
    spec: RunSpec,
    device: torch.device,
    precision: Precision,
    conditions: Conditions,
    ranks: Ranks | None = None,
) -> Preflight:
    """Count what does not depend on the batch, and measure the rest on steps of one and of two images.

    Model, gradients and random state are left as they were.

    Parameters
    ----------
    model
        With adapters and gradient checkpointing as the run will have them; its denoiser whole, on any device.
    conditions
        Of one image or more, as the network takes them.

    Raises
    ------
    UserError
        Not even one image at a time fits; the sentence names the settings that make it fit.
    """
    measure = Probe(model, device, precision, conditions)
    found = measure(counted(model, spec, device, ranks or Ranks()))
    if found.activations is not None and found.fits(1):
        return found
    raise UserError(sentence(found, proposals(found, model, spec, measure), device))
