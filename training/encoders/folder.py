"""An image encoder in a local folder, in the format of transformers or timm: safetensors alone, no code."""

from __future__ import annotations

from pathlib import Path

import torch

from training.encoder_ids import weights_sha256
from training.encoders.encoder import Encoder
from training.families.parts import read_part_config

CONFIG = "config.json"


def load(folder: Path, device: torch.device) -> Encoder:
    """Load the encoder in `folder`: timm's where its configuration names an architecture, else that of transformers.

    Raises
    ------
    UserError
        It is no encoder of either kind, its weights are not in safetensors, or timm is not installed.
    """
    config = read_part_config(folder, f"{folder} is not an encoder's folder: it has no {CONFIG}")
    checked = weights_sha256(folder)
    if "architecture" in config:
        from training.encoders import timm_folder

        return timm_folder.load(folder, config, checked, device)
    from training.encoders import transformers_folder

    return transformers_folder.load(folder, config, checked, device)
