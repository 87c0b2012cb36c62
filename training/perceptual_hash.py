"""The perceptual hash of an image by its discrete cosine transform (Zauner, 2010): 64 bits that copies share.

Scaling, recompression and slight changes of colour alter few bits. Equal to the `phash` of the package ImageHash, which
takes one image at a time, and PyWavelets for a hash that nothing here uses.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

SIDE = 32
KEPT = 8
"""Of the transform's rows and columns: the coarsest."""


def small_grey(image: Image.Image) -> NDArray[np.uint8]:
    """``(32, 32)``: what is hashed of an image."""
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS), np.uint8)


def perceptual_hashes(greys: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """``(B,)`` from ``(B, 32, 32)`` of `small_grey`: the first bit, of the mean, is the highest."""
    coarse = dctn(greys.astype(np.float64), axes=(1, 2))[:, :KEPT, :KEPT].reshape(len(greys), -1)
    bits = coarse > np.median(coarse, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8").ravel().astype(np.uint64)
