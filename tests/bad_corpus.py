"""Builds the folder of images that nobody wants to be given: damaged, huge, oddly named, badly linked.

corpus = bad_corpus.build(tmp_path / "corpus")
corpus.good     relative path → picture that must be shown
corpus.bad      relative path → words that must be in the reason
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 64, 32
HUGE_SIDE = 30_000
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (255, 255, 255)
_UNTURN = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera held that way does to the scene: the inverse of what the viewer must do."""


@dataclass
class BadCorpus:
    folder: Path
    good: dict[str, Image.Image] = field(default_factory=dict)
    """Path relative to `folder` to what must be seen, within the losses of JPEG."""
    bad: dict[str, str] = field(default_factory=dict)
    """Path relative to `folder` to words that the reason must have."""
    locked: str = "locked"
    """A folder that may not be listed, but for root."""


def build(folder: Path) -> BadCorpus:
    """Fill `folder`, which is made. What the system cannot have, such as links or bytes in names, is left out."""
    folder.mkdir(parents=True)
    corpus = BadCorpus(folder)
    _odd_formats(corpus)
    _orientations(corpus)
    _odd_names(corpus)
    _damaged(corpus)
    _links(corpus)
    _locked_folder(corpus)
    return corpus


def scene() -> Image.Image:
    """Four quadrants of different colours, which no turn or flip leaves as they are: ``64 × 32``."""
    pixels = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[: HEIGHT // 2, : WIDTH // 2] = RED
    pixels[: HEIGHT // 2, WIDTH // 2 :] = GREEN
    pixels[HEIGHT // 2 :, : WIDTH // 2] = BLUE
    pixels[HEIGHT // 2 :, WIDTH // 2 :] = WHITE
    return Image.fromarray(pixels)


def write_huge_png(path: Path, side: int = HUGE_SIDE) -> None:
    """A valid black PNG of ``side × side`` pixels, written row by row: about 100 kB on the disk."""
    row = bytes(1 + (side + 7) // 8)
    packer = zlib.compressobj(1)
    packed = bytearray()
    for _ in range(side):
        packed += packer.compress(row)
    packed += packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = b"".join(
        _chunk(kind, data) for kind, data in ((b"IHDR", header), (b"IDAT", bytes(packed)), (b"IEND", b""))
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _odd_formats(corpus: BadCorpus) -> None:
    folder, picture = corpus.folder, scene()
    grey = picture.convert("L")
    deep = Image.fromarray(np.asarray(grey, dtype=np.uint16) * 257)
    palette = Image.new("P", (2, 1))
    palette.putpalette([*RED, *BLUE])
    palette.putdata([0, 1])
    half_clear = Image.new("RGBA", picture.size, (*BLUE, 255))
    half_clear.paste((*RED, 0), (0, 0, WIDTH // 2, HEIGHT))
    over_white = half_clear.convert("RGB")
    over_white.paste(WHITE, (0, 0, WIDTH // 2, HEIGHT))
    _add(corpus, "plain.png", picture, picture)
    _add(corpus, "SHOUTING.JPG", picture, picture, format="JPEG", quality=95)
    _add(corpus, "ink.jpg", picture.convert("CMYK"), picture, quality=95)
    _add(corpus, "deep.png", deep, grey)
    _add(corpus, "deep.tiff", deep, grey)
    _add(corpus, "float.tif", Image.fromarray(np.asarray(grey, dtype=np.float32) / 255), grey)
    _add(corpus, "clear.png", half_clear, over_white)
    _add(corpus, "clear.webp", half_clear, over_white, lossless=True)
    _add(corpus, "bits.bmp", picture.convert("1"), picture.convert("1").convert("L"))
    flat = Image.new("RGB", (2, 1), WHITE)
    flat.putpixel((1, 0), BLUE)
    palette.save(folder / "palette.png", transparency=bytes([0, 255]))
    corpus.good["palette.png"] = flat
    frames = [picture, picture.transpose(Image.Transpose.ROTATE_180)]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:], duration=50, loop=0)
    corpus.good["moving.gif"] = picture
    _add(corpus, "really-a-png.jpg", picture, picture, format="PNG")


def _orientations(corpus: BadCorpus) -> None:
    for suffix, options in ((".jpg", {"quality": 95}), (".png", {}), (".webp", {"lossless": True}), (".tif", {})):
        for orientation, unturn in _UNTURN.items():
            exif = Image.Exif()
            exif[0x0112] = orientation
            stored = scene() if unturn is None else scene().transpose(unturn)
            _add(corpus, f"turned/{orientation}{suffix}", stored, scene(), exif=exif, **options)


def _odd_names(corpus: BadCorpus) -> None:
    names = [
        "two\nlines.png",
        "carriage\rreturn.png",
        "'single' \"double\".png",
        "=cmd|' /C calc'!A0.png",
        "'=quoted.png",
        "comma, semicolon; tab\t.png",
        "percent %_\\ sign.png",
        "🌻 ünï ça.png",
        os.fsdecode(b"caf\xe9 \xff\xfe.png"),
        f"{'long ' * 45}.png",
    ]
    for name in names:
        try:
            _add(corpus, f"names/{name}", scene(), scene(), format="PNG")
        except (OSError, ValueError, UnicodeError):  # this file system cannot have such a name
            corpus.good.pop(f"names/{name}", None)


def _damaged(corpus: BadCorpus) -> None:
    folder = corpus.folder
    (folder / "empty.jpg").touch()
    corpus.bad["empty.jpg"] = "empty"
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8))
    noise.save(folder / "whole.jpg", quality=98, subsampling=0)
    noise.save(folder / "whole.png")
    for name, share in (("half.jpg", 0.5), ("half.png", 0.5), ("stump.jpg", 0.002)):
        source = folder / f"whole{Path(name).suffix}"
        data = source.read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])
        corpus.bad[name] = "damaged"
    for name in ("whole.jpg", "whole.png"):
        corpus.good[name] = noise
    (folder / "notes.png").write_text("These are notes, not a picture.\n" * 20)
    corpus.bad["notes.png"] = "not a JPEG"
    (folder / "vector.png").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    corpus.bad["vector.png"] = "not a JPEG"
    write_huge_png(folder / "huge.png")
    corpus.bad["huge.png"] = "too large"
    broken = Image.Exif()
    broken[0x0112] = 6
    scene().save(folder / "broken-exif.jpg", quality=95, exif=broken.tobytes()[:20] + b"\xff" * 8)
    corpus.good["broken-exif.jpg"] = scene()


def _links(corpus: BadCorpus) -> None:
    folder = corpus.folder
    outside = folder.with_name(f"{folder.name}-outside")
    outside.mkdir()
    scene().save(outside / "linked.png")
    try:
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        (folder / "turned" / "up").symlink_to("..", target_is_directory=True)
        (folder / "elsewhere").symlink_to(outside, target_is_directory=True)
        (folder / "file-link.png").symlink_to(folder / "plain.png")
        (folder / "nowhere.png").symlink_to(folder / "no such file.png")
        (folder / "circle.png").symlink_to(folder / "circle.png")
    except (OSError, NotImplementedError):  # Windows without the right to make links
        return
    corpus.good["elsewhere/linked.png"] = scene()
    corpus.good["file-link.png"] = scene()
    corpus.bad["nowhere.png"] = "leads to no file"
    corpus.bad["circle.png"] = "could not be read"
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")
        corpus.bad["pipe.png"] = "pipe"


def _locked_folder(corpus: BadCorpus) -> None:
    locked = corpus.folder / corpus.locked
    locked.mkdir()
    scene().save(locked / "secret.png")
    locked.chmod(0)


def _add(corpus: BadCorpus, name: str, stored: Image.Image, seen: Image.Image, **options: object) -> None:
    path = corpus.folder / name
    path.parent.mkdir(exist_ok=True)
    stored.save(path, **options)
    corpus.good[name] = seen
