"""A vision model of transformers (ViT, DINOv2, the vision half of CLIP and SigLIP, ConvNeXt …) as an encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, AutoModel

from training.encoders.encoder import Encoder
from training.errors import UserError, first_line

BATCH, BATCH_ON_GPU = 16, 128


def load(folder: Path, config: dict[str, Any], weights_sha256: str, device: torch.device) -> Encoder:
    """Load model and image processor.

    Raises
    ------
    UserError
        They are damaged or incomplete, of a kind that transformers does not have itself, or take no images.
    """
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        processor = AutoImageProcessor.from_pretrained(folder, **local)
        model = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **local)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise UserError(
            f"{folder} could not be loaded as an image encoder ({first_line(error)}); choose a folder with a model, "
            "its image processor and safetensors weights."
        ) from error
    model.to(device).eval()

    def prepare(image: Image.Image) -> NDArray[np.float32]:
        return processor(images=image.convert("RGB"), return_tensors="np")["pixel_values"][0]

    @torch.inference_mode()
    def encode(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return _described(model, torch.from_numpy(batch).to(device)).float().cpu().numpy()

    try:
        blank = prepare(Image.new("RGB", (64, 64)))
        dimension = encode(blank[None]).shape[1]
    except (TypeError, ValueError, RuntimeError, AttributeError, KeyError) as error:
        raise UserError(
            f"The {config.get('model_type', 'model')} in {folder} does not turn images into features "
            f"({first_line(error)}); choose a model of images."
        ) from error
    return Encoder(
        name=f"{folder.name} ({config.get('model_type', 'transformers')})",
        dimension=dimension,
        weights_sha256=weights_sha256,
        prepare=prepare,
        encode=encode,
        at_least=2 * max(blank.shape[1:]),
        batch=BATCH_ON_GPU if device.type == "cuda" else BATCH,
    )


def _described(model: Any, pixels: Tensor) -> Tensor:
    """``(B, D)``: the pooled output where the model has one, else its class token, or the mean over positions."""
    if hasattr(model, "get_image_features"):  # models of images and texts
        output = model.get_image_features(pixel_values=pixels)
        if isinstance(output, Tensor):
            return output
    else:
        output = model(pixel_values=pixels)
    pooled = getattr(output, "pooler_output", None)
    if isinstance(pooled, Tensor):
        return pooled.flatten(1)
    hidden = output.last_hidden_state
    return hidden.mean((2, 3)) if hidden.dim() == 4 else hidden[:, 0]
