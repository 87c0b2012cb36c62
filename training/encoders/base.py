"""The network that is fine-tuned, as an encoder: always at hand, and made for images like these."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from training.encoder_ids import weights_sha256
from training.encoders.encoder import Encoder, square
from training.families import load_model
from training.features import network_features
from training.sampling import images_at_once


def load(source: Path, config: Path | None, device: torch.device) -> Encoder:
    """Load a checkpoint as `training.families.load_model` does.

    Raises
    ------
    UserError
        It is no usable model.
    """
    model = load_model(source, config)
    features = network_features(model, device)

    def prepare(image: Image.Image) -> NDArray[np.uint8]:
        grey = image.convert("L").convert("RGB") if model.channels == 1 else image
        return np.ascontiguousarray(square(grey, model.image_size).transpose(2, 0, 1)[: model.channels])

    return Encoder(
        name=f"{source.name}: {features.name}",
        dimension=features.dimension,
        weights_sha256=weights_sha256(source),
        prepare=prepare,
        encode=lambda batch: features.extract(batch).astype(np.float32),
        at_least=2 * model.image_size,
        batch=images_at_once(model),
    )
