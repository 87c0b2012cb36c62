"""The model that a run starts from."""

from __future__ import annotations

from pathlib import Path

from training.errors import UserError
from training.families import DiffusionModel, load_model
from training.networks import build_model
from training.spec import RunSpec


def starting_model(spec: RunSpec, classes: int = 0) -> DiffusionModel:
    """Load or make the model, and check it against the spec. It is not yet given adapters.

    Parameters
    ----------
    classes
        Only for a model from scratch: its number of classes; 0 makes it unconditional.

    Raises
    ------
    UserError
        The checkpoint is no usable model, is of another image size or channel count, or its conditions are not told.
    """
    if spec.model.source == "scratch":
        return build_model(spec, classes)
    model = load_model(Path(spec.model.source), Path(spec.model.config) if spec.model.config else None)
    if model.image_size != spec.data.image_size:
        raise UserError(
            f"The model makes images of {model.image_size} × {model.image_size} pixels and the run is set to "
            f"{spec.data.image_size}; set the image size to {model.image_size}."
        )
    if model.channels != spec.data.channels:
        raise UserError(
            f"The model has {model.channels} colour channel{'s' if model.channels > 1 else ''} and the run is set to "
            f"{spec.data.channels}; set data.channels to {model.channels}."
        )
    if model.conditioning != "none" and spec.conditioning.source == "none":
        what = "class" if model.conditioning == "class" else "caption"
        raise UserError(
            f"A {model.family} model takes a {what} with every image; say where they come from with "
            "conditioning.source (folder, tag, sidecar, csv or label)."
        )
    if model.conditioning == "none" and spec.conditioning.source != "none":
        raise UserError(f"A {model.family} model takes no class and no caption; set conditioning.source to none.")
    return model
