"""Reading image files of any origin: right side up, in 8-bit RGB or grey, and never trusting the file.

Uses Pillow alone, so the store can inspect files with it without loading torch. Every function may be called from many
threads at once.
"""

from __future__ import annotations

import stat
import threading
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
"""Pillow plug-ins that a file may be opened with, whatever its name says."""
MAX_PIXELS = 200_000_000
"""Larger images are not decoded: 200 megapixels are 600 MB of RGB."""
BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels."""

_HUGE_PIXELS = 40_000_000
"""Images from here on are decoded one at a time, so that several threads do not fill the memory together."""
_one_huge_image = threading.Lock()
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"BM", b"GIF8", b"II*\0", b"MM\0*")
"""How files of the formats that we read begin."""
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

# Loaded here, lest Pillow load all of its plug-ins when it meets a file that is none of these.
_PLUGINS = (BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
# The limit is checked here, by size, before anything is decoded; Pillow's own would only warn at half of it.
Image.MAX_IMAGE_PIXELS = None
# Damaged metadata is no news to the person who labels. Set once: warnings.catch_warnings is not for threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


class ImageError(Exception):
    """The file cannot be used as an image; the message is a reason that a person understands."""


class ImageTooLargeError(ImageError):
    """More than ``MAX_PIXELS``."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What a file says of itself. Width and height are as shown, after EXIF orientation."""

    width: int
    height: int
    format: str


def read_info(path: Path) -> ImageInfo:
    """Read the header alone.

    Raises
    ------
    ImageError
        Not an image that we read, or too large.
    """
    with _opened(path) as image:
        return _info(image, image.size)


def verify(path: Path) -> ImageInfo:
    """Read the header and decode the first frame as coarsely as its format allows, to find damage.

    Raises
    ------
    ImageError
        Not an image that we read, too large, or damaged.
    """
    with _opened(path) as image:
        size = image.size
        image.draft("RGB", (64, 64))
        with _memory_for(size):
            _decode(image)
        return _info(image, size)


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
        with _memory_for(image.size):
            _decode(image)
            turn = _turn(image)  # only now: a PNG may have its EXIF after the pixels
            try:
                plain = _eight_bit(image)
                return plain if turn is None else plain.transpose(turn)
            except Exception as error:
                raise _image_error(error) from error


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
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("This is not a file with content but a folder, a pipe or a device.")
        if status.st_size == 0:
            raise ImageError("The file is empty.")
        image = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        raise ImageError(_why_unidentified(path)) from None
    except FileNotFoundError:
        is_link = path.is_symlink()
        raise ImageError("The link leads to no file." if is_link else "The file is no longer there.") from None
    except PermissionError:
        raise ImageError("The file may not be read by this user.") from None
    except ImageError:
        raise
    except Exception as error:
        raise _image_error(error) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise ImageTooLargeError(
            f"The image is too large: {image.width:,} × {image.height:,} pixels, and the limit is "
            f"{MAX_PIXELS // 1_000_000} megapixels."
        )
    return image


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
        raise _image_error(error) from error


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


def _why_unidentified(path: Path) -> str:
    with path.open("rb") as file:
        beginning = file.read(4)
    if beginning.startswith(_BEGINNINGS):
        return "The file is damaged: its beginning cannot be read."
    return "The file is not a JPEG, PNG, WebP, BMP, GIF or TIFF image, whatever its name says."


def _image_error(error: Exception) -> ImageError:
    if isinstance(error, MemoryError):
        return ImageError("The image does not fit into memory.")
    text = str(error).strip()
    lowered = text.lower()
    if any(sign in lowered for sign in ("truncated", "unexpected end", "not enough", "broken data stream")):
        return ImageError("The file is damaged: it ends before the image does.")
    if isinstance(error, OSError) and error.errno is not None:
        return ImageError(f"The file could not be read: {error.strerror or text}.")
    return ImageError(f"The file is damaged ({text or type(error).__name__}).")
