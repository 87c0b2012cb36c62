"""Files into QImages: right side up, opaque, never larger than asked for; safe to call on any thread.

Qt decodes what it can, because it is about twice as fast as Pillow and lets other threads run meanwhile; everything
else, and every reason why a file cannot be shown, comes from `training.images`: the window and the engine agree.
"""

from __future__ import annotations

import stat
import threading
from contextlib import nullcontext
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QLoggingCategory, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter

from training import images

QT_FORMATS = {b"\xff\xd8\xff": b"jpeg", b"\x89PNG\r\n\x1a\n": b"png", b"GIF8": b"gif", b"BM": b"bmp"}
"""How files begin that Qt decodes, and WebP, and what Qt calls their format."""
QT_UNSURE = frozenset({QImage.Format.Format_CMYK8888, QImage.Format.Format_Grayscale16})
"""Pixel formats left to Pillow: inverted inks and deep greys are where readers differ."""
LARGE_PIXELS = 24_000_000
"""Images above this are decoded one at a time, whatever number of threads there is: one may take 800 MB."""

HEAD_BYTES = 256 << 10
"""What Qt looks into before it decodes, and lets other threads run, lies within so many bytes."""

_large = threading.Lock()
QImageReader.setAllocationLimit(4 * images.MAX_PIXELS // (1 << 20) + 1)  # MiB; our own limit speaks first, in words
QLoggingCategory.setFilterRules("qt.gui.imageio*=false")  # damaged files are told of in the window, not in the log


def read_image(file: Path, *, longest: int | None = None) -> QImage:
    """Decode the first frame of `file`.

    Parameters
    ----------
    longest
        Larger images are scaled down until their longer edge has this many pixels.

    Returns
    -------
    An opaque image in `Format_RGB32`.

    Raises
    ------
    ImageError
        The file cannot be shown; the message is a reason for people.
    """
    image = _read_with_qt(file, longest)
    if image is None or image.isNull():
        image = _read_with_pillow(file, longest)
    return _opaque(image)


def fitted(image: QImage, edge: int) -> QImage:
    """`image` scaled smoothly, up or down, to fit a square of `edge` pixels."""
    if max(image.width(), image.height()) == edge:
        return image
    return image.scaled(edge, edge, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _read_with_qt(file: Path, longest: int | None) -> QImage | None:
    name = str(file)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:  # Qt cannot open names with undecodable bytes
        return None
    format_ = _format(_head(file))
    if format_ is None:
        return None
    # By its name, never as a QBuffer, and told which format it is: Python's lock is held while Qt finds a decoder. Were
    # it to try them all, or to ask a device of Python's own, it would take locks of its own that another thread may
    # hold while that waits for Python's.
    reader = QImageReader(name, format_)
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or reader.imageFormat() in QT_UNSURE:
        return None
    pixels = size.width() * size.height()
    if pixels > images.MAX_PIXELS:
        return None
    scaled = False
    if longest is not None and max(size.width(), size.height()) > longest:
        scaled = True
        reader.setScaledSize(_within(size, longest))
    # JPEG alone is decoded at a fraction of its size, so a scaled one is never large in memory.
    cheap = pixels <= LARGE_PIXELS or (scaled and format_ == b"jpeg")
    with nullcontext() if cheap else _large:
        return reader.read()


def _head(file: Path) -> bytes:
    """The first bytes of a file, which are in the system's memory then: Qt would wait for the disk with Python's lock.

    Empty where Pillow is to say why it cannot be read.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return b""
        with file.open("rb", buffering=0) as opened:
            return opened.read(HEAD_BYTES)
    except OSError:
        return b""


def _format(head: bytes) -> bytes | None:
    """What Qt calls the format of a file that begins so; None for those that are left to Pillow."""
    if head[:4] == b"RIFF":
        return b"webp" if head[8:12] == b"WEBP" else None
    return next((name for start, name in QT_FORMATS.items() if head.startswith(start)), None)


def _within(size: QSize, longest: int) -> QSize:
    return size.scaled(longest, longest, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))


def _read_with_pillow(file: Path, longest: int | None) -> QImage:
    info = images.read_info(file)
    large = info.width * info.height > LARGE_PIXELS
    with _large if large else nullcontext():
        picture = images.load(file, at_least=longest)
        if longest is not None:
            picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
    pixels = picture.convert("RGBA").tobytes()
    view = QImage(pixels, picture.width, picture.height, 4 * picture.width, QImage.Format.Format_RGBX8888)
    return view.copy()  # `view` does not own its pixels


def _opaque(image: QImage) -> QImage:
    """On the same ground that the engine puts behind transparent pixels."""
    if not image.hasAlphaChannel():
        return image.convertToFormat(QImage.Format.Format_RGB32)
    result = QImage(image.size(), QImage.Format.Format_RGB32)
    result.fill(QColor(*images.BACKGROUND))
    painter = QPainter(result)
    painter.drawImage(0, 0, image)
    painter.end()
    return result
