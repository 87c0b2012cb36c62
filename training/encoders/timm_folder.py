"""A model of timm as an encoder, from a folder as its hub has them: ``config.json`` and ``model.safetensors``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file

from training.encoders.encoder import Encoder
from training.errors import UserError, first_line

WEIGHTS = "model.safetensors"
ELSEWHERE = {"pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir"}
"""Arguments with which timm reads weights from elsewhere, pickled ones too: a folder may not give them."""
BATCH, BATCH_ON_GPU = 16, 128


def load(folder: Path, config: dict[str, Any], weights_sha256: str, device: torch.device) -> Encoder:
    """Make the architecture that `config` names, and load the folder's weights into it.

    Raises
    ------
    UserError
        timm is not installed or does not know the architecture, or the weights do not fit it.
    """
    if find_spec("timm") is None:
        raise UserError("Encoders in timm's format need timm; install it with: pip install 'pudm-studio[timm]'")
    import timm

    architecture = str(config["architecture"])
    if not timm.is_model(architecture):  # which also keeps out names of models on a hub
        raise UserError(
            f"This version of timm has no architecture {architecture}, which {folder} is of; update timm, or choose "
            "another encoder."
        )
    try:
        arguments = dict(config.get("model_args") or {})
        if elsewhere := sorted(arguments.keys() & ELSEWHERE):
            raise ValueError(f"its config.json asks for {elsewhere[0]}")
        model: Any = timm.create_model(
            architecture, pretrained=False, num_classes=int(config.get("num_classes", 1000)), **arguments
        )
        model.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(
            f"{folder / WEIGHTS} could not be loaded as {architecture} ({first_line(error)}); download or "
            "copy the encoder again."
        ) from error
    model.reset_classifier(0)
    model.to(device).eval()
    transform = timm.data.create_transform(
        **timm.data.resolve_data_config(pretrained_cfg=config.get("pretrained_cfg") or {}, model=model)
    )

    def prepare(image: Image.Image) -> NDArray[np.float32]:
        return transform(image.convert("RGB")).numpy()

    @torch.inference_mode()
    def encode(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return model(torch.from_numpy(batch).to(device)).float().cpu().numpy()

    blank = prepare(Image.new("RGB", (64, 64)))
    return Encoder(
        name=f"{folder.name} ({architecture})",
        dimension=encode(blank[None]).shape[1],
        weights_sha256=weights_sha256,
        prepare=prepare,
        encode=encode,
        at_least=2 * max(blank.shape[1:]),
        batch=BATCH_ON_GPU if device.type == "cuda" else BATCH,
    )
