"""Reading image files of any origin: right side up, in 8-bit RGB or grey, and never trusting the file.

Uses Pillow alone, so the store can inspect files with it without loading torch. Every function may be called from many
threads at once.
"""

from __future__ import annotations

import threading
import warnings
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from training.image_opening import FORMATS, MAX_PIXELS, ImageError, ImageTooLargeError, Source, image_error, opened

__all__ = ["FORMATS", "MAX_PIXELS", "ImageError", "ImageTooLargeError", "Source"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels."""

_HUGE_PIXELS = 40_000_000
"""Images from here on are decoded one at a time, so that several threads do not fill the memory together."""
_one_huge_image = threading.Lock()
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings an image right side up, by its EXIF orientation."""

# Damaged metadata is no news to the person who labels. Set once: warnings.catch_warnings is not for threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What a file says of itself. Width and height are as shown, after EXIF orientation."""

    width: int
    height: int
    format: str


def read_info(source: Source) -> ImageInfo:
    """Read the header alone.

    Raises
    ------
    ImageError
        Not an image that we read, or too large.
    """
    with opened(source) as image:
        return _info(image, image.size)


def verify(source: Source) -> ImageInfo:
    """Read the header and decode the first frame as coarsely as its format allows, to find damage.

    Raises
    ------
    ImageError
        Not an image that we read, too large, or damaged.
    """
    with opened(source) as image:
        size = image.size
        image.draft("RGB", (64, 64))
        with _memory_for(size):
            _decode(image)
        return _info(image, size)


def load(source: Source, *, at_least: int | None = None) -> Image.Image:
    """Decode the first frame, right side up, as 8-bit "RGB", or "L" where the file holds greys alone.

    Parameters
    ----------
    source
        The file, or its content.
    at_least
        Shorter side in pixels that will do: lets JPEG decode at a fraction of the size, which is several times faster.

    Raises
    ------
    ImageError
        As for `verify`.
    """
    with opened(source) as image:
        if at_least is not None:
            image.draft(None, (at_least, at_least))
        with _memory_for(image.size):
            _decode(image)
            turn = _turn(image)  # only now: a PNG may have its EXIF after the pixels
            try:
                plain = _eight_bit(image)
                return plain if turn is None else plain.transpose(turn)
            except Exception as error:
                raise image_error(error) from error


@dataclass(frozen=True, slots=True)
class Square:
    """An image as a network takes it.

    Attributes
    ----------
    pixels
        ``(channels, size, size)`` uint8.
    enlarged
        By how much the image was scaled up; at most 1 where it was large enough.
    """

    pixels: NDArray[np.uint8]
    enlarged: float


def read_square(source: Source, size: int, channels: int) -> Square:
    """Decode, scale the shorter side to `size` and cut out the middle.

    Raises
    ------
    ImageError
        As for `verify`.
    """
    image = load(source, at_least=2 * size).convert("L" if channels == 1 else "RGB")
    enlarged = size / min(image.size)
    if image.size != (size, size):
        image = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
    pixels = np.asarray(image, dtype=np.uint8)
    return Square(pixels[None] if channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1)), enlarged)


def load_square(source: Source, size: int, channels: int) -> NDArray[np.uint8]:
    """The pixels of `read_square`."""
    return read_square(source, size, channels).pixels


def _info(image: Image.Image, size: tuple[int, int]) -> ImageInfo:
    width, height = size
    # Pillow turns TIFF by itself, and gives its size as turned from the start.
    if image.format != "TIFF" and _orientation(image) >= 5:
        width, height = height, width
    # What many phones write as .jpg is MPO to Pillow: a JPEG with further pictures behind the first.
    return ImageInfo(width, height, "JPEG" if image.format == "MPO" else image.format or "")


def _turn(image: Image.Image) -> Image.Transpose | None:
    return None if image.format == "TIFF" else _TURNS.get(_orientation(image))


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # noqa: BLE001 - metadata may be damaged in any way, and the pixels be fine
        return 1
    return value if isinstance(value, int) else 1


def _memory_for(size: tuple[int, int]) -> threading.Lock | nullcontext[None]:
    return _one_huge_image if size[0] * size[1] >= _HUGE_PIXELS else nullcontext()


def _decode(image: Image.Image) -> None:
    try:
        image.load()
    except Exception as error:
        raise image_error(error) from error


def _eight_bit(image: Image.Image) -> Image.Image:
    mode = image.mode
    if mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))  # as Pillow does for 16-bit colour
    if mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0, neginf=0)
        largest = values.max(initial=0.0)
        top = (65535.0 if largest > 255 else 255.0) if mode == "I" else (1.0 if largest <= 1 else 255.0)
        return Image.fromarray((values.clip(0, top) * (255.0 / top)).round().astype(np.uint8))
    grey = mode in ("1", "L", "LA", "La")
    if mode in ("RGBA", "LA", "La", "RGBa", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        flat = Image.new("RGBA", layer.size, (*BACKGROUND, 255))
        flat.alpha_composite(layer)
        image = flat
    return image.convert("L" if grey else "RGB")
