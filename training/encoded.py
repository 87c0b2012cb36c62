"""Latents of all images, made once: each image's variants lie one after the other in one memory-mapped array."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.arrays import RowWriter, open_rows
from training.atomic import atomic_folder
from training.augment import augment, variant_draws
from training.decoding import Findings, decode_all, look
from training.events import EventLog
from training.families import DiffusionModel
from training.images import Square
from training.manifest import ManifestEntry
from training.progress import Progress
from training.reading import EntryReader
from training.sampling import to_network
from training.spec import DataSpec

PIXELS_AT_ONCE = 8 * 512 * 512
"""Pixels of the images that are encoded together, at most."""
LARGEST_BATCH = 64
MIRRORED_VARIANTS = 2
MOVED_VARIANTS = 8
"""Variants of an image that is shifted and zoomed."""


@dataclass(frozen=True, slots=True)
class EncodedImages:
    """What `DiffusionModel.encode` made of every readable image.

    Attributes
    ----------
    rows
        ``(R, M, h, w)`` float32, memory-mapped and read-only.
    kept
        ``(N,)`` int64: each image's line in the manifest.
    starts
        ``(N,)`` int64: row of each image's first variant.
    variants
        ``(N,)`` uint8: how many it has.
    """

    rows: NDArray[np.float32]
    kept: NDArray[np.int64]
    starts: NDArray[np.int64]
    variants: NDArray[np.uint8]


def variant_count(entry: ManifestEntry, data: DataSpec) -> int:
    """How many variants of an image are made, so that its training keeps some of the variety of augmented pixels."""
    if data.augment_sensitive and entry.label == "sensitive":
        return MOVED_VARIANTS
    return MIRRORED_VARIANTS if data.horizontal_flip else 1


def open_encoded(
    target: Path,
    make_reader: Callable[[], EntryReader],
    data: DataSpec,
    model: DiffusionModel,
    device: torch.device,
    log: EventLog,
    stopped: Callable[[], bool],
) -> EncodedImages:
    """Open the cache `target`, or encode all images into it first.

    Parameters
    ----------
    target
        Folder whose name tells all that the latents depend on.
    make_reader
        Called where images are to be read.

    Raises
    ------
    UserError, ReadingStoppedError
        As for `training.data.build_cache`.
    """
    if not target.exists():
        reader = make_reader()
        look(reader, data)
        with atomic_folder(target) as temporary:
            _encode_all(temporary, reader, data, model, device, log, stopped)
    kept, variants = np.load(target / "kept.npy"), np.load(target / "variants.npy")
    starts = np.cumsum(variants, dtype=np.int64) - variants
    return EncodedImages(open_rows(target / "rows.npy"), kept, starts, variants)


def encode(model: DiffusionModel, images: Tensor) -> Tensor:
    """`DiffusionModel.encode` in as many parts as the GPU's free memory asks for."""
    try:
        with torch.no_grad():
            return model.encode(images)
    except torch.OutOfMemoryError:
        if len(images) == 1:
            raise
    torch.cuda.empty_cache()
    return torch.cat([encode(model, part) for part in images.tensor_split(2)])


def _encode_all(
    folder: Path,
    reader: EntryReader,
    data: DataSpec,
    model: DiffusionModel,
    device: torch.device,
    log: EventLog,
    stopped: Callable[[], bool],
) -> None:
    total = len(reader.entries)
    counts = np.fromiter((variant_count(entry, data) for entry in reader.entries), np.uint8, total)
    findings, progress = Findings(reader, data), Progress("Preparing images for the model", log, stopped)
    batch = max(1, min(LARGEST_BATCH, PIXELS_AT_ONCE // data.image_size**2))
    probe = encode(model, torch.zeros(1, data.channels, data.image_size, data.image_size, device=device))
    with RowWriter(folder / "rows.npy", tuple(probe.shape[1:]), np.float32, int(counts.sum())) as rows:
        for indices, pixels in _batches(reader, data, findings, batch):
            for part in _variants(counts[indices], batch):
                images = to_network(torch.from_numpy(pixels[part[:, 0]]).to(device))
                moved = torch.from_numpy(counts[indices][part[:, 0]] == MOVED_VARIANTS)
                draws = variant_draws(part[:, 1], seed=rows.rows)
                augment(images, draws, mirror=data.horizontal_flip, moved=moved)
                rows.append(encode(model, images).float().cpu().numpy())
                progress(int(indices[0]), total)
    progress(total, total)
    kept = findings.tell(log)
    np.save(folder / "kept.npy", kept)
    np.save(folder / "variants.npy", counts[kept])


def _batches(
    reader: EntryReader, data: DataSpec, findings: Findings, size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """The readable images' lines in the manifest and their pixels, `size` at a time."""

    def readable() -> Iterator[tuple[int, NDArray[np.uint8]]]:
        for index, outcome in enumerate(decode_all(reader, data)):
            findings.note(index, outcome)
            if isinstance(outcome, Square):
                yield index, outcome.pixels

    images = readable()
    while batch := list(islice(images, size)):
        yield np.array([index for index, _ in batch]), np.stack([pixels for _, pixels in batch])


def _variants(counts: NDArray[np.uint8], size: int) -> Iterator[NDArray[np.int64]]:
    """Pairs of an image's place in its batch and the number of a variant, ``(n, 2)``, `size` at a time."""
    images = np.repeat(np.arange(len(counts)), counts)
    numbers = np.arange(len(images)) - np.repeat(np.cumsum(counts) - counts, counts)
    pairs = np.stack([images, numbers], axis=1).astype(np.int64)
    return (pairs[start : start + size] for start in range(0, len(pairs), size))
