"""Opening image files of any origin, of a few formats alone, with a reason in words where that fails."""

from __future__ import annotations

import stat
from io import BytesIO
from pathlib import Path

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
"""Pillow plug-ins that a file may be opened with, whatever its name says."""
MAX_PIXELS = 200_000_000
"""Larger images are not decoded: 200 megapixels are 600 MB of RGB."""
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"BM", b"GIF8", b"II*\0", b"MM\0*")
"""How files of the formats that we read begin."""

# Loaded here, lest Pillow load all of its plug-ins when it meets a file that is none of these.
_PLUGINS = (BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
# The limit is checked here, by size, before anything is decoded; Pillow's own would only warn at half of it.
Image.MAX_IMAGE_PIXELS = None

Source = Path | bytes
"""An image file, or the content of one."""


class ImageError(Exception):
    """The file cannot be used as an image; the message is a reason that a person understands."""


class ImageTooLargeError(ImageError):
    """More than ``MAX_PIXELS``."""


def opened(source: Source) -> Image.Image:
    """The image with its header read, to be closed by the caller.

    Raises
    ------
    ImageError
        Not an image that we read, or too large.
    """
    if isinstance(source, bytes):
        return _opened_content(source)
    path = source
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("This is not a file with content but a folder, a pipe or a device.")
        if status.st_size == 0:
            raise ImageError("The file is empty.")
        image = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        with path.open("rb") as file:
            raise ImageError(_why_unidentified(file.read(4))) from None
    except FileNotFoundError:
        is_link = path.is_symlink()
        raise ImageError("The link leads to no file." if is_link else "The file is no longer there.") from None
    except PermissionError:
        raise ImageError("The file may not be read by this user.") from None
    except ImageError:
        raise
    except Exception as error:
        raise image_error(error) from error
    return _of_usable_size(image)


def _opened_content(content: bytes) -> Image.Image:
    if not content:
        raise ImageError("The file is empty.")
    try:
        image = Image.open(BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise ImageError(_why_unidentified(content[:4])) from None
    except Exception as error:
        raise image_error(error) from error
    return _of_usable_size(image)


def _of_usable_size(image: Image.Image) -> Image.Image:
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise ImageTooLargeError(
            f"The image is too large: {image.width:,} × {image.height:,} pixels, and the limit is "
            f"{MAX_PIXELS // 1_000_000} megapixels."
        )
    return image


def _why_unidentified(beginning: bytes) -> str:
    if beginning.startswith(_BEGINNINGS):
        return "The file is damaged: its beginning cannot be read."
    return "The file is not a JPEG, PNG, WebP, BMP, GIF or TIFF image, whatever its name says."


def image_error(error: Exception) -> ImageError:
    if isinstance(error, MemoryError):
        return ImageError("The image does not fit into memory.")
    text = str(error).strip()
    lowered = text.lower()
    if any(sign in lowered for sign in ("truncated", "unexpected end", "not enough", "broken data stream")):
        return ImageError("The file is damaged: it ends before the image does.")
    if isinstance(error, OSError) and error.errno is not None:
        return ImageError(f"The file could not be read: {error.strerror or text}.")
    return ImageError(f"The file is damaged ({text or type(error).__name__}).")
