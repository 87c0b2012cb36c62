"""A user's whole way with a checkpoint, the same for every family."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, DiffusionPipeline, SchedulerMixin
from numpy.typing import NDArray

from tests.training.builders import make_run
from training.__main__ import main
from training.checkpoint import Weights, latest_checkpoint, load_weights
from training.checkpoint import load_model as trained_model
from training.events import EventLog, send_command
from training.families import DiffusionModel, load_model
from training.lora import has_adapters, merged
from training.runs import RunFolder
from training.train import run_training

BY_LABEL = {
    "none": {},
    "class": {"unlabeled": "0", "sensitive": "1"},
    "caption": {"unlabeled": "a photo", "sensitive": "a bright photo"},
}


def journey(tmp_path: Path, checkpoint: Path, **settings: object) -> Path:
    """Train some steps, stop, resume, sample, export and reload with plain diffusers; returns the exported folder.

    Parameters
    ----------
    checkpoint
        A diffusers folder, or a single file together with ``model__config``.
    settings
        Of the run, as `make_run` takes them.
    """
    config = settings.get("model__config")
    model = load_model(checkpoint, Path(str(config)) if config else None)
    settings = run_settings(model) | settings
    whole = make_run(tmp_path / "whole", model=checkpoint, images={"unlabeled": 8, "sensitive": 4}, **settings)
    run_training(whole, EventLog(whole.events_file))
    assert np.isfinite([event["loss"] for event in whole.events() if event["event"] == "step"]).all()
    assert (whole.samples / "step-00000004.png").is_file()

    stopped = make_run(tmp_path / "stopped", model=checkpoint, images={"unlabeled": 8, "sensitive": 4}, **settings)
    run_training(stopped, StopAt(stopped, 2))
    assert stopped.events()[-1]["event"] == "stopped"
    run_training(stopped, EventLog(stopped.events_file))
    both: tuple[Weights, Weights] = ("raw", "ema")
    for which in both:
        one, two = (load_weights(latest_checkpoint(run), which) for run in (whole, stopped))
        assert one.keys() == two.keys()
        assert all(torch.equal(one[name], two[name]) for name in one), f"{which} weights differ after a stop"
    assert changed(model, of_run(whole, "raw")), "nothing was learned"

    asked = {"none": [], "class": ["--class", "1"], "caption": ["--prompt", "a photo"]}[model.conditioning]
    drawn = tmp_path / "drawn"
    assert main(["sample", str(whole.path), "--out", str(drawn), "--n", "2", "--sampling-steps", "2", *asked]) == 0
    assert len(list(drawn.glob("*.png"))) == 2

    out = tmp_path / "exported"
    for weights in both:
        assert main(["export", str(whole.path), str(out), "--weights", weights, "--replace"]) == 0
        exported = load_model(out)
        assert not changed(of_run(whole, weights), exported), f"the exported folder does not have the {weights} weights"
    return out


def run_settings(model: DiffusionModel) -> dict[str, object]:
    """The settings of a short run of `model`."""
    return {
        "data__image_size": model.image_size,
        "data__channels": model.channels,
        "conditioning__source": "none" if model.conditioning == "none" else "label",
        "conditioning__by_label": BY_LABEL[model.conditioning],
        "optim__steps": 4,
        "optim__batch_size": 4,
        "optim__learning_rate": 1e-3,
        "preview__every": 4,
        "preview__count": 2,
        "preview__sampling_steps": 2,
        "checkpoint__every": 4,
    }


class StopAt(EventLog):
    """Sends the command to stop once a run has reported a step."""

    def __init__(self, run: RunFolder, step: int) -> None:
        super().__init__(run.events_file)
        self._run, self._step = run, step

    def emit(self, event: str, **fields: object) -> None:  # type: ignore[override]
        super().emit(event, **fields)  # type: ignore[arg-type]
        if event == "step" and fields["step"] == self._step:
            send_command(self._run.path, "stop")


def of_run(run: RunFolder, weights: Weights) -> DiffusionModel:
    """What a run has made, with adapters merged."""
    model = trained_model(latest_checkpoint(run), weights)
    return merged(model) if has_adapters(model) else model


def changed(one: DiffusionModel, other: DiffusionModel) -> bool:
    """Whether the trained networks of two models have different weights."""
    weights = other.denoiser.state_dict()
    return any(not torch.equal(tensor, weights[name]) for name, tensor in one.denoiser.state_dict().items())


def trailing(scheduler: SchedulerMixin) -> DDIMScheduler:
    """DDIM from the very last timestep, on the noise schedule of `scheduler`."""
    settings = {"timestep_spacing": "trailing", "set_alpha_to_one": True, "steps_offset": 0}
    return DDIMScheduler.from_config({**scheduler.config, **settings})


def plain_samples(folder: Path, seeds: Sequence[int], **arguments: object) -> NDArray[np.uint8]:
    """What anybody gets from `folder` through diffusers' own pipeline, ``(N, C, H, W)``.

    The sampler is DDIM from the very last timestep, or the folder's own for flow matching; noise and arguments are as
    told.
    """
    pipeline = DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    if "beta_schedule" in pipeline.scheduler.config:
        pipeline.scheduler = trailing(pipeline.scheduler)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    images = pipeline(generator=generators, output_type="np", **arguments).images
    return (images * 255).round().astype(np.uint8).transpose(0, 3, 1, 2)
