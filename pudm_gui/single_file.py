"""Which kind of Stable Diffusion a single checkpoint file holds, told from the names of its tensors."""

from __future__ import annotations

from pathlib import Path

from pudm_gui.weights_header import Shapes, count_parameters, read_shapes
from training.errors import UserError

PIPELINE_OF_FILE = {
    "Stable Diffusion": "StableDiffusionPipeline",
    "Stable Diffusion XL": "StableDiffusionXLPipeline",
    "Stable Diffusion 3": "StableDiffusion3Pipeline",
}
NETWORK = "model.diffusion_model."
"""What the names of the denoiser's tensors begin with."""
FIRST_LAYER = f"{NETWORK}input_blocks.0.0.weight"
IMAGE_CHANNELS = 4
"""Of the latents that a U-Net takes; those for inpainting and the like take more."""


def file_parameters(file: Path) -> tuple[str, int]:
    """The kind of checkpoint in `file`, and the parameters of its denoiser.

    Raises
    ------
    UserError
        It is damaged, or no whole checkpoint of a kind that is supported.
    """
    shapes = read_shapes(file)
    return _kind(file, shapes), count_parameters(shapes, NETWORK)


def _kind(file: Path, shapes: Shapes) -> str:
    if any(name.startswith(f"{NETWORK}joint_blocks.") for name in shapes):
        return "Stable Diffusion 3"
    if FIRST_LAYER in shapes:
        channels = shapes[FIRST_LAYER][1]
        if channels != IMAGE_CHANNELS:
            raise UserError(
                f"{file.name} is a checkpoint for inpainting or the like (its network takes {channels} channels); "
                "choose one that makes whole images."
            )
        if any(name.startswith("conditioner.embedders.1.") for name in shapes):
            return "Stable Diffusion XL"
        if any(name.startswith("cond_stage_model.") for name in shapes):
            return "Stable Diffusion"
    if any(".lora" in name or name.startswith("lora_") for name in shapes):
        raise UserError(f"{file.name} is a LoRA file, which only adds to a model; choose the checkpoint it belongs to.")
    if any(name.startswith(("down_blocks.", "transformer_blocks.", "joint_blocks.")) for name in shapes):
        raise UserError(
            f"{file.name} holds the weights of a network alone; choose the folder that has model_index.json in it."
        )
    raise UserError(
        f"{file.name} is not a whole checkpoint of Stable Diffusion 1, 2, XL or 3; choose one, or a diffusers folder."
    )
