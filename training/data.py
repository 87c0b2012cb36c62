"""Images for training: decoded once to a memory-mapped uint8 array, and addressed by position in endless passes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.arrays import RowWriter, open_rows
from training.atomic import atomic_folder
from training.decoding import Findings, decode_all, look
from training.events import EventLog
from training.images import Square
from training.manifest import LABELS, Label, ManifestEntry
from training.progress import Progress, ReadingStoppedError
from training.reading import EntryReader
from training.spec import RunSpec

__all__ = ["ImageCache", "Pool", "ReadingStoppedError", "build_cache", "build_cache_to_look_at"]

MOST_LOOKED_AT = 8000
"""Sensitive images, and others, that are decoded for an estimate or a verdict where not all are anyway."""

SHARDS_AT_ONCE = 4
"""Tar files among whose images a pass is shuffled: reading stays near a few places, and neighbours are parted."""


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

    Images that cannot be read are left out, with one warning event that names the first of them; those smaller than the
    training size are scaled up, with another.

    Raises
    ------
    UserError
        The disk is full, an image root or all of its images are gone, or they are far too small.
    ReadingStoppedError
        `stopped` said so.
    """
    target = folder / cache_key(spec, entries)
    if not target.exists():
        reader = open_reader(folder, spec, entries, log, stopped)
        look(reader, spec.data)
        with atomic_folder(target) as temporary:
            _decode(temporary, spec, reader, log, stopped)
    kept = np.load(target / "kept.npy")
    return ImageCache(open_rows(target / "images.npy"), label_numbers(entries, kept), kept)


def build_cache_to_look_at(
    folder: Path,
    spec: RunSpec,
    entries: Sequence[ManifestEntry],
    log: EventLog,
    stopped: Callable[[], bool] = lambda: False,
) -> ImageCache:
    """`build_cache`, for what needs only a sample of the images: where they are not decoded yet and are very many, up
    to ``MOST_LOOKED_AT`` of the sensitive and of the other ones are, drawn at random by the run's seed.
    """
    sensitive = np.array([entry.label == "sensitive" for entry in entries])
    groups = np.flatnonzero(sensitive), np.flatnonzero(~sensitive)
    if max(map(len, groups)) <= MOST_LOOKED_AT or (folder / cache_key(spec, entries)).exists():
        return build_cache(folder, spec, entries, log, stopped)
    rng = np.random.default_rng(spec.seed)
    lines = np.sort(np.concatenate([rng.permutation(group)[:MOST_LOOKED_AT] for group in groups]))
    cache = build_cache(folder, spec, [entries[line] for line in lines], log, stopped)
    return replace(cache, kept=lines[cache.kept])


def open_reader(
    folder: Path, spec: RunSpec, entries: Sequence[ManifestEntry], log: EventLog, stopped: Callable[[], bool]
) -> EntryReader:
    """A reader of `entries` that keeps its tables of tar files in the cache `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return EntryReader(spec.data.roots, entries, folder / "shards", Progress("Reading the tar files", log, stopped))


def cache_key(spec: RunSpec, entries: Sequence[ManifestEntry], *further: object) -> str:
    """Name of what depends on the images, their training size and `further` values that JSON can hold."""
    digest = hashlib.sha256(json.dumps([spec.data.image_size, spec.data.channels, *further]).encode())
    for entry in entries:
        digest.update(json.dumps([entry.root, entry.path, entry.sha256]).encode())
    return digest.hexdigest()[:16]


def label_numbers(entries: Sequence[ManifestEntry], kept: NDArray[np.int64]) -> NDArray[np.uint8]:
    """``(N,)``: index into ``LABELS`` of each kept entry."""
    numbers = {label: number for number, label in enumerate(LABELS)}
    return np.fromiter((numbers[entries[index].label] for index in kept.tolist()), np.uint8, len(kept))


def _decode(folder: Path, spec: RunSpec, reader: EntryReader, log: EventLog, stopped: Callable[[], bool]) -> None:
    size, total = spec.data.image_size, len(reader.entries)
    findings, progress = Findings(reader, spec.data), Progress("Reading images", log, stopped)
    with RowWriter(folder / "images.npy", (spec.data.channels, size, size), np.uint8, total) as images:
        for index, outcome in enumerate(decode_all(reader, spec.data)):
            findings.note(index, outcome)
            if isinstance(outcome, Square):
                images.append(outcome.pixels[None])
            progress(index + 1, total)
    np.save(folder / "kept.npy", findings.tell(log))


class Pool:
    """Endless passes over a set of images, each pass in a new order, addressed by position.

    The batch of a step is a function of the seed and the step alone: a resumed run needs no saved state to go on with
    the very images that it would have seen.

    Parameters
    ----------
    indices
        ``(N,)`` the images.
    seed, name
        The order of each pass follows from these.
    shards
        ``(N,)`` number of the tar file that each image lies in. A pass then visits the files in random order, a few at
        a time, and the images of these in random order.
    """

    def __init__(
        self, indices: NDArray[np.int64], seed: int, name: str, shards: NDArray[np.integer] | None = None
    ) -> None:
        if len(indices) == 0:
            raise ValueError(f"the pool {name} is empty")
        self.indices = indices
        self._key = [seed, *name.encode()]
        self._epoch = -1
        self._order = indices
        # Numbered anew, 0 up: a pool may have images in few of all the shards.
        self._shards = None if shards is None else np.unique(shards, return_inverse=True)[1]

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
            rng = np.random.default_rng([*self._key, epoch])
            order = rng.permutation(len(self.indices))
            if self._shards is not None:
                group = rng.permutation(self._shards.max() + 1) // SHARDS_AT_ONCE
                order = order[np.argsort(group[self._shards[order]], kind="stable")]
            self._order, self._epoch = self.indices[order], epoch
        return self._order
