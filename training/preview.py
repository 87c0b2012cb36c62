"""Sample sheets drawn while a run trains."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.atomic import write_atomic


def to_image(pixels: NDArray[np.uint8]) -> Image.Image:
    """``(C, H, W)`` uint8 with one or three channels to a Pillow image."""
    return Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    buffer = io.BytesIO()
    to_image(pixels).save(buffer, "PNG")
    write_atomic(path, buffer.getvalue())


def sheet(images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """Tile ``(N, C, H, W)`` images into a near-square ``(C, rows × H, columns × W)`` sheet without gaps.

    Returns
    -------
    sheet, columns
    """
    count, channels, height, width = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    canvas = np.zeros((rows * columns, channels, height, width), np.uint8)
    canvas[:count] = images
    tiled = canvas.reshape(rows, columns, channels, height, width).transpose(2, 0, 3, 1, 4)
    return tiled.reshape(channels, rows * height, columns * width), columns
