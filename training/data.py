"""Images for training: decoded once to a memory-mapped uint8 array, then drawn in stratified batches."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.atomic import atomic_folder
from training.errors import UserError
from training.events import EventLog
from training.images import ImageError, load_square
from training.manifest import LABELS, Label, ManifestEntry
from training.spec import RunSpec

PROGRESS_EVERY = 500
"""Images between two progress events."""


class ReadingStoppedError(Exception):
    """`build_cache` was told to stop; nothing of the cache is kept."""


@dataclass(frozen=True, slots=True)
class ImageCache:
    """Every readable image of a manifest at training size.

    Attributes
    ----------
    images
        ``(N, C, H, W)`` uint8, memory-mapped and read-only.
    labels
        ``(N,)`` uint8: index into `training.manifest.LABELS`.
    kept
        ``(N,)`` int64: each image's line in the manifest, counted from 0.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    kept: NDArray[np.int64]

    def indices(self, *labels: Label) -> NDArray[np.int64]:
        wanted = [LABELS.index(label) for label in labels]
        return np.flatnonzero(np.isin(self.labels, wanted))


def build_cache(
    folder: Path,
    spec: RunSpec,
    entries: Sequence[ManifestEntry],
    log: EventLog,
    stopped: Callable[[], bool] = lambda: False,
) -> ImageCache:
    """Open the cache in `folder`, or decode all images into it first, asking after each whether to stop.

    Images that cannot be read are left out, with one warning event that names the first of them.

    Raises
    ------
    UserError
        The disk is full, or an image root is gone.
    ReadingStoppedError
        `stopped` said so.
    """
    key = _key(spec, entries)
    target = folder / key
    if not target.exists():
        _check_roots(spec.data.roots, entries)
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_folder(target) as temporary:
            _decode_all(temporary, spec, entries, log, stopped)
    images = np.load(target / "images.npy", mmap_mode="r")
    kept = np.load(target / "kept.npy")
    labels = np.array([LABELS.index(entries[i].label) for i in kept], dtype=np.uint8)
    return ImageCache(images, labels, kept)


def _key(spec: RunSpec, entries: Sequence[ManifestEntry]) -> str:
    digest = hashlib.sha256(json.dumps([spec.data.image_size, spec.data.channels]).encode())
    for entry in entries:
        digest.update(json.dumps([entry.root, entry.path, entry.sha256]).encode())
    return digest.hexdigest()[:16]


def _check_roots(roots: Mapping[str, str], entries: Sequence[ManifestEntry]) -> None:
    for root in sorted({entry.root for entry in entries}):
        if root not in roots:
            raise UserError(
                f"The manifest names image root {root}, which data.roots of spec.json does not; add it there."
            )
        if not os.path.isdir(roots[root]):  # noqa: PTH112  Path.is_dir raises where a folder above may not be entered
            raise UserError(
                f"The image folder {roots[root]} is not there; reconnect the disk, or correct data.roots in spec.json."
            )


def _decode_all(
    folder: Path, spec: RunSpec, entries: Sequence[ManifestEntry], log: EventLog, stopped: Callable[[], bool]
) -> None:
    size, channels = spec.data.image_size, spec.data.channels
    total = len(entries)
    images = np.lib.format.open_memmap(
        folder / "images.npy", mode="w+", dtype=np.uint8, shape=(total, channels, size, size)
    )
    # A memory-mapped write to a full disk kills the process with SIGBUS: reserve the blocks while it is still an error.
    if hasattr(os, "posix_fallocate"):
        with (folder / "images.npy").open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, images.offset + images.nbytes)

    def decode(index: int) -> str | None:
        try:
            images[index] = load_square(entries[index].file(spec.data.roots), size, channels)
        except ImageError as error:
            return str(error)
        return None

    readable = np.zeros(total, dtype=bool)
    problems: list[tuple[int, str]] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for index, problem in enumerate(pool.map(decode, range(total))):
            readable[index] = problem is None
            if problem is not None:
                problems.append((index, problem))
            if (index + 1) % PROGRESS_EVERY == 0 or index + 1 == total:
                log.emit("progress", what="Reading images", done=index + 1, total=total)
            if stopped():
                pool.shutdown(cancel_futures=True)
                raise ReadingStoppedError
    kept = np.flatnonzero(readable)
    if problems:
        first, reason = problems[0]
        log.emit(
            "warning",
            message=f"{len(problems)} of {total} images cannot be read and are left out, "
            f"the first of them {entries[first].path}: {reason}",
        )
        for position, index in enumerate(kept.tolist()):  # close the gaps in place, in order
            images[position] = images[index]
    images.flush()
    np.save(folder / "kept.npy", kept)


class Pool:
    """Endless passes over a set of images, each pass in a new order, addressed by position.

    The batch of a step is a function of the seed and the step alone: a resumed run needs no saved state to go on with
    the very images that it would have seen.
    """

    def __init__(self, indices: NDArray[np.int64], seed: int, name: str) -> None:
        if len(indices) == 0:
            raise ValueError(f"the pool {name} is empty")
        self.indices = indices
        self._key = [seed, *name.encode()]
        self._epoch = -1
        self._order = indices

    def take(self, start: int, count: int) -> NDArray[np.int64]:
        """The `count` indices from position `start` on."""
        parts = []
        while count > 0:
            epoch, offset = divmod(start, len(self.indices))
            part = self._permutation(epoch)[offset : offset + count]
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return np.concatenate(parts)

    def _permutation(self, epoch: int) -> NDArray[np.int64]:
        if epoch != self._epoch:
            self._order = np.random.default_rng([*self._key, epoch]).permutation(self.indices)
            self._epoch = epoch
        return self._order


def load_batch(cache: ImageCache, indices: NDArray[np.int64], device: torch.device) -> Tensor:
    """``(B, C, H, W)`` uint8 on `device`, copied once out of the cache."""
    return torch.from_numpy(cache.images[indices]).to(device)
