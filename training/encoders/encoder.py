"""What every encoder is: a way to prepare one image, and a way to turn a batch of prepared ones into numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from training.feature_store import Kind, StoreInfo


@dataclass(frozen=True, slots=True)
class Encoder:
    """Numbers from images.

    Attributes
    ----------
    name
        For people.
    weights_sha256
        Features of other weights are not comparable with its own.
    prepare
        One decoded image, right side up, as an array that `encode` takes a stack of. Called from many threads.
    encode
        ``(B, …)`` of what `prepare` returned to ``(B, dimension)`` float32.
    at_least
        Pixels that the shorter side of a decoded image should have; fewer are enlarged.
    batch
        Images that `encode` takes at a time.
    kind
        Whether it describes images or scores them.
    """

    name: str
    dimension: int
    weights_sha256: str
    prepare: Callable[[Image.Image], NDArray[Any]]
    encode: Callable[[NDArray[Any]], NDArray[np.float32]]
    at_least: int
    batch: int
    kind: Kind = "features"

    def store_info(self, encoder_id: str) -> StoreInfo:
        """What an empty store of its features says."""
        return StoreInfo(encoder_id, self.name, self.dimension, self.weights_sha256, self.kind)


def square(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """``(size, size, 3)``: the middle of an image, its shorter side scaled to `size` with antialiasing."""
    image = image.convert("RGB")
    if image.size != (size, size):
        image = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(image, np.uint8)
