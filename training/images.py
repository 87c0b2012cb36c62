"""Reading image files of any origin: right side up, in 8-bit RGB or grey, and never trusting the file.

Uses Pillow alone, so the store can inspect files with it without loading torch.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "MPO")
"""Pillow plug-ins that a file may be opened with, whatever its name says. MPO is what many phones call a JPEG."""
MAX_PIXELS = 200_000_000
"""Larger images are not decoded: 200 megapixels are 600 MB of RGB."""
BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels."""

# The limit is checked here, by size, before anything is decoded; Pillow's own would only warn at half of it.
Image.MAX_IMAGE_PIXELS = None


class ImageError(Exception):
    """The file cannot be used as an image; the message is a reason that a person understands."""


class ImageTooLargeError(ImageError):
    """More than ``MAX_PIXELS``."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the header says. Width and height are as shown, after EXIF orientation."""

    width: int
    height: int
    format: str
    frames: int


def read_info(path: Path) -> ImageInfo:
    """Read the header alone.

    Raises
    ------
    ImageError
        Not an image that we read, or too large.
    """
    with _opened(path) as image:
        try:
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            frames = getattr(image, "n_frames", 1)
        except Exception as error:
            raise ImageError(_reason(error)) from error
        width, height = (image.height, image.width) if turned else image.size
        return ImageInfo(width, height, image.format or "", frames)


def verify(path: Path) -> ImageInfo:
    """Read the header and decode the first frame as coarsely as its format allows, to find damage.

    Raises
    ------
    ImageError
        Not an image that we read, too large, or damaged.
    """
    info = read_info(path)
    with _opened(path) as image:
        image.draft("RGB", (64, 64))
        _decode(image)
    return info


def load(path: Path, *, at_least: int | None = None) -> Image.Image:
    """Decode the first frame, right side up, as 8-bit "RGB", or "L" where the file holds greys alone.

    Parameters
    ----------
    path
        The file.
    at_least
        Shorter side in pixels that will do: lets JPEG decode at a fraction of the size, which is several times faster.

    Raises
    ------
    ImageError
        As for `verify`.
    """
    with _opened(path) as image:
        if at_least is not None:
            image.draft(None, (at_least, at_least))
        _decode(image)
        try:
            return ImageOps.exif_transpose(_eight_bit(image))
        except Exception as error:
            raise ImageError(_reason(error)) from error


def load_square(path: Path, size: int, channels: int) -> NDArray[np.uint8]:
    """Decode, scale the shorter side to `size` and cut out the middle.

    Returns
    -------
    ``(channels, size, size)`` uint8.

    Raises
    ------
    ImageError
        As for `verify`.
    """
    image = load(path, at_least=2 * size).convert("L" if channels == 1 else "RGB")
    if image.size != (size, size):
        image = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels[None] if channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _opened(path: Path) -> Image.Image:
    try:
        if path.stat().st_size == 0:
            raise ImageError("The file is empty.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata is no news to the person who labels
            image = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        raise ImageError("The file is not a JPEG, PNG, WebP, BMP, GIF or TIFF image, whatever its name says.") from None
    except FileNotFoundError:
        raise ImageError("The file is no longer there.") from None
    except PermissionError:
        raise ImageError("The file may not be read by this user.") from None
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(_reason(error)) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise ImageTooLargeError(
            f"The image is too large: {image.width:,} × {image.height:,} pixels, and the limit is "
            f"{MAX_PIXELS // 1_000_000} megapixels."
        )
    return image


def _decode(image: Image.Image) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
    except MemoryError:
        raise ImageError("The image does not fit into memory.") from None
    except Exception as error:
        raise ImageError(_reason(error)) from error


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image, dtype=np.float64)
        if image.mode == "F":
            top = 1.0 if values.max(initial=0.0) <= 1.0 else 255.0
        else:
            top = 65535.0 if values.max(initial=0.0) > 255 or image.mode.startswith("I;16") else 255.0
        grey = Image.fromarray((values.clip(0, top) * (255.0 / top)).round().astype(np.uint8))
        if exif := image.info.get("exif"):
            grey.info["exif"] = exif
        return grey
    if image.mode in ("1", "L"):
        return image.convert("L")
    if image.mode in ("RGBA", "LA", "La", "RGBa", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        flat = Image.new("RGBA", layer.size, (*BACKGROUND, 255))
        flat.alpha_composite(layer)
        flat.info.update({key: image.info[key] for key in ("exif",) if key in image.info})
        result = flat.convert("RGB")
        return result
    return image.convert("RGB")


def _reason(error: Exception) -> str:
    text = str(error).strip()
    lowered = text.lower()
    if (
        "truncated" in lowered
        or "unexpected end" in lowered
        or "not enough" in lowered
        or "broken data stream" in lowered
    ):
        return "The file is damaged: it ends before the image does."
    if isinstance(error, OSError) and error.errno is not None:
        return f"The file could not be read: {error.strerror or text}."
    return f"The file is damaged ({text or type(error).__name__})."
