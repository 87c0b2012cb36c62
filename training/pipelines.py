"""Local diffusers folders: loading an unconditional pixel model safely, and saving one.

Nothing here reaches a hub, opens a pickle or runs code that comes with a checkpoint.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel

from training.errors import UserError

PipelineClass = Literal["DDPMPipeline", "DDIMPipeline"]
PIPELINES = {"DDPMPipeline": DDPMPipeline, "DDIMPipeline": DDIMPipeline}
SCHEDULERS = {"DDPMScheduler": DDPMScheduler, "DDIMScheduler": DDIMScheduler}
PREDICTIONS = ("epsilon", "v_prediction", "sample")
PICKLED = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


@dataclass(frozen=True, slots=True)
class PixelModel:
    """An unconditional pixel-space diffusion model: what to denoise with, and the noise schedule it was trained on."""

    unet: UNet2DModel
    scheduler: DDPMScheduler | DDIMScheduler
    pipeline: PipelineClass

    @property
    def image_size(self) -> int:
        return int(self.unet.config["sample_size"])

    @property
    def channels(self) -> int:
        return int(self.unet.config["in_channels"])

    def save(self, folder: Path) -> None:
        """Write a diffusers folder with safetensors weights."""
        PIPELINES[self.pipeline](unet=self.unet, scheduler=self.scheduler).save_pretrained(
            folder, safe_serialization=True
        )


def load_pixel_pipeline(folder: Path) -> PixelModel:
    """Load a DDPM or DDIM pipeline folder, in float32 on the CPU.

    Raises
    ------
    UserError
        Not a diffusers folder, another kind of pipeline, pickled or damaged weights, or a conditional network.
    """
    if folder.is_file() and folder.suffix in PICKLED:
        raise UserError(_pickle_sentence(folder))
    index = _json(folder / "model_index.json", f"{folder} is not a diffusers folder: it has no model_index.json")
    name = index.get("_class_name")
    if name not in PIPELINES:
        raise UserError(
            f"{folder} holds a {name}, which is not supported yet; use an unconditional pixel model "
            f"({' or '.join(PIPELINES)})."
        )
    config = _json(folder / "unet" / "config.json", f"{folder} is incomplete: it has no unet/config.json")
    _check_unet(folder, config)
    scheduler = _load_scheduler(folder)
    return PixelModel(_load_unet(folder / "unet"), scheduler, name)


def _json(path: Path, missing: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{missing}; choose the folder that save_pretrained wrote, with model_index.json in it."
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); download or copy the checkpoint again.") from None
    if not isinstance(document, dict):
        raise UserError(f"{path} is not a diffusers configuration; download or copy the checkpoint again.")
    return document


def _check_unet(folder: Path, config: dict[str, Any]) -> None:
    if config.get("_class_name") != "UNet2DModel":
        raise UserError(f"The network of {folder} is a {config.get('_class_name')}; only UNet2DModel is supported yet.")
    if config.get("class_embed_type") or config.get("num_class_embeds"):
        raise UserError(f"{folder} is a class-conditional model, which is not supported yet; use an unconditional one.")
    size, channels = config.get("sample_size"), config.get("in_channels")
    if not isinstance(size, int):
        raise UserError(
            f"{folder} does not say its image size as one number (it says {size}); only square models work."
        )
    if channels not in (1, 3):
        raise UserError(
            f"{folder} works on {channels} channels and so not on pixels; use a model of grey or colour images."
        )
    if config.get("out_channels") != channels:
        raise UserError(f"{folder} also predicts its variance, which is not supported yet; use a model that does not.")


def _load_scheduler(folder: Path) -> DDPMScheduler | DDIMScheduler:
    config = _json(
        folder / "scheduler" / "scheduler_config.json", f"{folder} is incomplete: it has no scheduler configuration"
    )
    name = config.get("_class_name")
    if name not in SCHEDULERS:
        raise UserError(
            f"{folder} uses the scheduler {name}, which does not say how the network was trained; "
            f"save it with one of {', '.join(SCHEDULERS)}."
        )
    if config.get("prediction_type", "epsilon") not in PREDICTIONS:
        raise UserError(f"{folder} predicts {config['prediction_type']}; only {', '.join(PREDICTIONS)} are supported.")
    return SCHEDULERS[name].from_config(config)


def _load_unet(folder: Path) -> UNet2DModel:
    if not any(folder.glob("diffusion_pytorch_model*.safetensors")):
        pickled = next((path for path in sorted(folder.iterdir()) if path.suffix in PICKLED), None)
        if pickled is not None:
            raise UserError(_pickle_sentence(pickled))
        raise UserError(f"{folder} has no weights (diffusion_pytorch_model.safetensors); copy the checkpoint again.")
    try:
        unet = UNet2DModel.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, torch_dtype=torch.float32, low_cpu_mem_usage=False
        )
    except Exception as error:
        # diffusers and safetensors raise many types on a damaged or mismatched file.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"The weights in {folder} cannot be loaded ({reason}); copy the checkpoint again.") from error
    return unet


def _pickle_sentence(path: Path) -> str:
    return (
        f"{path} is a pickled checkpoint, which can run code when opened, and is refused; convert it to safetensors "
        "where you trust its origin (load it with diffusers and call save_pretrained(..., safe_serialization=True))."
    )
