"""The pixels themselves: needs no network, and finds copies rather than likeness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.encoders.encoder import Encoder, square

SIZE = 32


def load() -> Encoder:
    def encode(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return batch.reshape(len(batch), -1).astype(np.float32) / 127.5 - 1

    return Encoder(
        name=f"Pixels ({SIZE} × {SIZE})",
        dimension=SIZE * SIZE * 3,
        weights_sha256="",
        prepare=lambda image: square(image, SIZE),
        encode=encode,
        at_least=2 * SIZE,
        batch=256,
    )
