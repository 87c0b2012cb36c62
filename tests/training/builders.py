"""Small real things for engine tests: images on disk, run folders, tiny diffusers folders."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from diffusers import DDPMScheduler, UNet2DModel
from PIL import Image

from training.events import Event, LineReader
from training.families.pixel import PIPELINES
from training.manifest import Label, ManifestEntry
from training.runs import RunFolder, create_run, engine_command
from training.spec import RunSpec, with_settings

TINY_UNET = {
    "block_out_channels": (8, 16),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    "norm_num_groups": 4,
    "attention_head_dim": 8,
}


def write_images(folder: Path, labels: dict[Label, int], size: int = 8, seed: int = 0) -> list[ManifestEntry]:
    """Bright squares for "sensitive", dark ones for the rest, with noise; grey PNG files."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for label, count in labels.items():
        level = 200 if label == "sensitive" else 60
        for index in range(count):
            name = f"{label}-{index:03}.png"
            pixels = rng.normal(level, 25, (size, size)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name)
            entries.append(ManifestEntry("1", name, label, ""))
    return entries


def tiny_model(
    folder: Path,
    size: int = 8,
    channels: int = 1,
    pipeline: str = "DDPMPipeline",
    classes: int = 0,
    **scheduler: object,
) -> Path:
    """Save a diffusers folder with a random network of 20,000 parameters."""
    learned = str(scheduler.get("variance_type", "")).startswith("learned")
    unet = UNet2DModel(
        sample_size=size,
        in_channels=channels,
        out_channels=channels * (2 if learned else 1),
        num_class_embeds=classes or None,
        **TINY_UNET,
    )
    schedule = DDPMScheduler(**{"num_train_timesteps": 100, **scheduler})
    PIPELINES[pipeline](unet=unet, scheduler=schedule).save_pretrained(folder, safe_serialization=True)
    return folder


def make_run(
    folder: Path, *, images: dict[Label, int] | None = None, model: Path | None = None, **settings: object
) -> RunFolder:
    """A run folder that fine-tunes a tiny model, by default on 8 × 8 images; `settings` use "__" for the dot."""
    size = int(str(settings.get("data__image_size", 8)))
    entries = write_images(folder / "images", images or {"unlabeled": 24, "sensitive": 6}, size)
    source = model or tiny_model(folder / "base")
    spec = with_settings(
        RunSpec(),
        {
            "data.roots": {"1": str(folder / "images")},
            "data.image_size": 8,
            "data.channels": 1,
            "model.source": str(source),
            "optim.steps": 6,
            "optim.batch_size": 8,
            "preview.every": 0,
            "checkpoint.every": 2,
            "device": "cpu",
        }
        | {key.replace("__", "."): value for key, value in settings.items()},
    )
    return create_run(folder / "0001-run", spec, entries)


def killed_once(stage: str, run: RunFolder, told: Callable[[Event], bool]) -> None:
    """Start the run's engine and kill it as soon as it has `told` of an event."""
    reader = LineReader(run.events_file)
    list(reader)  # what an earlier process told
    process = subprocess.Popen(engine_command(stage, run.path))
    while process.poll() is None:
        if any(told(event) for event in reader):
            process.send_signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.01)
    assert process.returncode == -signal.SIGKILL
