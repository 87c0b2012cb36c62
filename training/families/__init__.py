"""The families of models: one module each, and here the table that finds the right one."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from training.checkpoint_layout import PICKLED, pickle_sentence
from training.errors import UserError
from training.families.model import Condition, ConditionKind, Conditions, DiffusionModel
from training.families.parts import read_index
from training.families.pixel import PixelModel

# Pipeline class to module and model class. Imported when met: transformers alone takes seconds to load.
FAMILIES = {
    "DDPMPipeline": ("pixel", "PixelModel"),
    "DDIMPipeline": ("pixel", "PixelModel"),
    "LDMPipeline": ("latent", "LatentModel"),
    "DiTPipeline": ("dit", "DiTModel"),
    "StableDiffusionPipeline": ("stable_diffusion", "StableDiffusionModel"),
    "StableDiffusionXLPipeline": ("sdxl", "SdxlModel"),
    "StableDiffusion3Pipeline": ("sd3", "Sd3Model"),
}

__all__ = ["Condition", "ConditionKind", "Conditions", "DiffusionModel", "load_model", "rebuild"]


def load_model(source: Path, config: Path | None = None) -> DiffusionModel:
    """Load a local checkpoint, in float32 on the CPU.

    Parameters
    ----------
    source
        A diffusers folder, or a single ``.safetensors`` file of Stable Diffusion.
    config
        For a single file: a folder with the configuration and tokenizers of its kind of model.

    Raises
    ------
    UserError
        Not a checkpoint of a supported family, or an incomplete, damaged or pickled one.
    """
    if source.is_file():
        if source.suffix in PICKLED:
            raise UserError(pickle_sentence(source))
        pipeline = import_module("training.families.single_file").load_single_file(source, config)
        return _family(type(pipeline).__name__, source)(pipeline)
    name = str(read_index(source).get("_class_name"))
    load: Callable[..., DiffusionModel] = _family(name, source).load
    return load(source, name)


def rebuild(recipe: dict[str, Any]) -> DiffusionModel:
    """A model from `DiffusionModel.recipe`; the denoiser's weights are yet to be loaded."""
    return PixelModel.rebuild(recipe)


def _family(name: str, source: Path) -> Any:
    if name not in FAMILIES:
        raise UserError(
            f"{source} holds a {name}, which is not supported; the supported ones are {', '.join(FAMILIES)}."
        )
    module, cls = FAMILIES[name]
    return getattr(import_module(f"training.families.{module}"), cls)
