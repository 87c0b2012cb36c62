"""Encoders: what turns images into the numbers by which they are compared. One module each, and here how to get one."""

from __future__ import annotations

from pathlib import Path

import torch

from training.encoders.encoder import Encoder
from training.spec import FeaturesSpec

__all__ = ["Encoder", "load_encoder"]


def load_encoder(features: FeaturesSpec, device: torch.device) -> Encoder:
    """Load the encoder that a spec names. Nothing is downloaded.

    Raises
    ------
    UserError
        A package or a folder is missing, or cannot be used.
    """
    # Imported when chosen: transformers, diffusers and onnxruntime take seconds to load.
    match features.encoder:
        case "imagenet":
            from training.encoders import imagenet

            return imagenet.load(device)
        case "base":
            from training.encoders import base

            return base.load(Path(features.source), Path(features.config) if features.config else None, device)
        case "pixels":
            from training.encoders import pixels

            return pixels.load()
        case "folder":
            from training.encoders import folder

            return folder.load(Path(features.source), device)
        case "nudity":
            from training.encoders import nudity

            return nudity.load(device)
