"""What a diffusers folder says about itself, read from its JSON files alone.

Enough to fill in a run's image size and to refuse an obviously wrong folder at once; the engine checks the rest before
it trains.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from training.errors import UserError


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """`image_size` in pixels and `channels` are None where the folder does not say them as one number."""

    folder: Path
    image_size: int | None
    channels: int | None


def read_model_folder(folder: Path) -> ModelFacts:
    """Look into `folder`.

    Raises
    ------
    UserError
        Not a folder, or no diffusers pipeline in it.
    """
    if folder.is_file():
        raise UserError(
            f"{folder} is a file, not a diffusers folder; convert a single-file checkpoint with diffusers' "
            "save_pretrained and name the folder that it writes."
        )
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; name the folder of a diffusers model.")
    if not (folder / "model_index.json").is_file():
        raise UserError(
            f"{folder} is not a diffusers folder: it has no model_index.json; choose the folder that save_pretrained "
            "wrote."
        )
    network = _network_config(folder / "unet" / "config.json")
    return ModelFacts(folder.resolve(), _number(network.get("sample_size")), _number(network.get("in_channels")))


def _network_config(path: Path) -> dict[str, object]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # the engine says what is wrong with it
    return document if isinstance(document, dict) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
