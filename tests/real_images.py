"""The real images of `tests/README.md` as arrays."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray


def mnist(
    test_data: Path, count: int = 60_000, part: Literal["train", "t10k"] = "train"
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """At most the first `count` digits, ``(N, 28, 28)``, and which they are, ``(N,)``."""
    folder = test_data / "mnist"
    with (
        gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as images,
        gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as labels,
    ):
        pixels = np.frombuffer(images.read(16 + 784 * count), np.uint8, offset=16)
        digits = np.frombuffer(labels.read(8 + count), np.uint8, offset=8)
    return pixels.reshape(-1, 28, 28), digits
