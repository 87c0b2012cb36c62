"""Gradients of single steps, by however many processes a launcher started: ``python -m … RUN_DIR:STEP:MICRO_BATCH …``.

Each is written to ``RUN_DIR/gradient.safetensors``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from training.batches import Batches
from training.events import SilentLog
from training.examples import prepare_examples
from training.loop import TrainState, accumulate_gradient, denoising_losses
from training.lora import add_adapters
from training.manifest import read_manifest
from training.objective import Terms
from training.parallel import between_steps
from training.ranks import join, leave
from training.runs import RunFolder
from training.start import starting_model

CPU = torch.device("cpu")


def gradient(run: RunFolder, step: int, micro_batch: int) -> tuple[Terms, dict[str, Tensor]]:
    """The terms and, by parameter, the gradient of a step of a run."""
    spec = run.spec()
    ranks = join(CPU)
    model = starting_model(spec)
    if spec.model.lora_rank:
        add_adapters(model, spec.model.lora_rank, seed=spec.seed)
    log = SilentLog(run.events_file)
    examples = ranks.main_first(
        lambda: prepare_examples(run.cache, spec, read_manifest(run.manifest_file), model, CPU, log)
    )
    batches = Batches(examples, model, spec)
    state = TrainState(model, spec.optim, CPU, ranks, micro_batch)
    with torch.no_grad():
        for average in state.ema.averages.values():
            average.mul_(1.5)
    if state.sharded:  # first a preview, by other weights: the step must not see them
        with state.ema.applied(), between_steps(state.network), torch.no_grad():
            denoising_losses(state, batches(0, CPU, ranks), spec, "float32")
    terms = accumulate_gradient(state, batches(step, CPU, ranks), batches, spec, "float32")
    gradients = {}
    for name, parameter in state.parameters.items():
        if parameter.grad is None:  # what a network has and does not use
            continue
        whole = parameter.grad.full_tensor() if hasattr(parameter.grad, "full_tensor") else parameter.grad
        gradients[name] = whole.detach().clone().contiguous()
    return terms, gradients


if __name__ == "__main__":
    for job in sys.argv[1:]:
        folder, step, micro_batch = job.rsplit(":", 2)
        _, gradients = gradient(RunFolder(Path(folder)), int(step), int(micro_batch))
        if join(CPU).main:
            save_file(gradients, Path(folder) / "gradient.safetensors")
    leave()
