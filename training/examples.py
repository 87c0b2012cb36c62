"""The images of a run and their conditions, as the model's network takes them, ready on the device that trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.augment import augment
from training.data import Pool, build_cache, cache_key, label_numbers, open_reader
from training.decoding import existing, look, smaller_sentence
from training.embeddings import ConditionTable, open_conditions
from training.encoded import encode, open_encoded
from training.events import EventLog
from training.families import Condition, Conditions, DiffusionModel
from training.identity import source_identity
from training.manifest import LABELS, Label, ManifestEntry
from training.reading import EntryReader
from training.rows import Rows
from training.sampling import to_network
from training.spec import DataSpec, RunSpec
from training.streaming import StreamedImages

SHARE_OF_GPU = 1 / 5
"""Of a GPU's free memory, for all images of a run; where they need more, they are copied step by step."""


class Images(Protocol):
    """Where the images of a batch come from."""

    def gather(self, rows: NDArray[np.int64], device: torch.device) -> Tensor: ...

    def prefetch(self, rows: NDArray[np.int64], device: torch.device) -> None: ...


class Examples:
    """Every usable image of a run.

    Attributes
    ----------
    labels
        ``(N,)`` uint8: index into `training.manifest.LABELS`.
    kept
        ``(N,)`` int64: each image's line in the manifest, counted from 0.
    variants
        ``(N,)`` uint8: in how many stored variants each image is there; 1 where augmentation is done on the fly.
    """

    def __init__(
        self,
        images: Images,
        labels: NDArray[np.uint8],
        kept: NDArray[np.int64],
        data: DataSpec,
        *,
        starts: NDArray[np.int64] | None = None,
        variants: NDArray[np.uint8] | None = None,
        conditions: ConditionTable | None = None,
        encoder: DiffusionModel | None = None,
        shards: NDArray[np.integer] | None = None,
    ) -> None:
        self.labels, self.kept = labels, kept
        self.variants = np.ones(len(labels), dtype=np.uint8) if variants is None else variants
        self._images, self._data, self._conditions, self._encoder = images, data, conditions, encoder
        self._starts, self._shards = starts, shards
        self._sensitive = labels == LABELS.index("sensitive")

    def indices(self, *labels: Label) -> NDArray[np.int64]:
        """The images with one of `labels`."""
        wanted = [LABELS.index(label) for label in labels]
        return np.flatnonzero(np.isin(self.labels, wanted))

    def pool(self, indices: NDArray[np.int64], seed: int, name: str) -> Pool:
        """Endless passes over `indices`; where images are streamed from tar files, a few of these at a time."""
        return Pool(indices, seed, name, None if self._shards is None else self._shards[indices])

    @property
    def label_names(self) -> list[Label]:
        """The label of each image."""
        return [LABELS[number] for number in self.labels.tolist()]

    @property
    def condition_values(self) -> list[Condition] | None:
        """The class or caption of each image, ``None`` for an unconditional model."""
        table = self._conditions
        return None if table is None else table.of(self.kept)

    def fetch(self, indices: NDArray[np.int64], draws: Tensor, device: torch.device) -> tuple[Tensor, Conditions]:
        """A batch, which depends on `indices` and `draws` alone: not on how a step's images are split.

        Parameters
        ----------
        indices
            ``(B,)`` images.
        draws
            ``(B, 4)`` float32 in [0, 1), on the CPU: from these follow how each image is mirrored, zoomed and shifted
            (or which stored variant it is), and whether its condition is dropped.
        device
            Where the batch is to be.

        Returns
        -------
        What `DiffusionModel.encode` makes of the images, ``(B, M, h, w)`` float32, and their conditions.
        """
        encoded = self._images.gather(self._rows(indices, draws), device)
        if isinstance(self._images, StreamedImages):
            indices = self._images.actual(indices)
        if encoded.dtype == torch.uint8:
            moved = torch.from_numpy(self._sensitive[indices]) if self._data.augment_sensitive else None
            encoded = augment(to_network(encoded), draws, mirror=self._data.horizontal_flip, moved=moved)
        if self._encoder is not None:
            encoded = encode(self._encoder, encoded)
        if self._conditions is None:
            return encoded, {}
        return encoded, self._conditions.fetch(self.kept[indices], draws[:, 3], device)

    def prefetch(self, indices: NDArray[np.int64], draws: Tensor, device: torch.device) -> None:
        """Begin to read what `fetch` will be asked for next, all together or in parts. Forgets earlier hints."""
        self._images.prefetch(self._rows(indices, draws), device)
        if self._conditions is not None:
            self._conditions.prefetch(self.kept[indices], draws[:, 3], device)

    def _rows(self, indices: NDArray[np.int64], draws: Tensor) -> NDArray[np.int64]:
        if self._starts is None:
            return indices
        return self._starts[indices] + (draws[:, 0].numpy() * self.variants[indices]).astype(np.int64)


def prepare_examples(
    folder: Path,
    spec: RunSpec,
    entries: Sequence[ManifestEntry],
    model: DiffusionModel,
    device: torch.device,
    log: EventLog,
    stopped: Callable[[], bool] = lambda: False,
) -> Examples:
    """Decode, encode and embed what a run needs, or find it in the cache `folder`.

    With ``data.cache`` "none" images are decoded, and encoded, when they are needed, and only conditions are prepared.

    Parameters
    ----------
    folder
        The run's cache.
    model
        Its frozen parts do their work on `device` and are then moved to the CPU.
    stopped
        Asked now and then whether to stop.

    Raises
    ------
    UserError
        Something that a person can put right: images that have gone, conditions that are missing, a full disk.
    ReadingStoppedError
        `stopped` said so.
    """

    @cache  # of this call: reading the tables of many tar files takes a while
    def reader() -> EntryReader:
        return open_reader(folder, spec, entries, log, stopped)

    conditions = open_conditions(folder, spec, entries, model, reader, log, stopped)
    if spec.data.cache == "none":
        examples = _streamed(spec, reader(), model, conditions, log, stopped)
    elif model.encodes:
        examples = _encoded(folder, spec, entries, model, conditions, device, reader, log, stopped)
    else:
        pixels = build_cache(folder, spec, entries, log, stopped)
        examples = Examples(
            Rows(pixels.images, SHARE_OF_GPU), pixels.labels, pixels.kept, spec.data, conditions=conditions
        )
    if conditions is not None:
        conditions.embed(folder, spec, model, device, log, stopped)
    model.release()
    return examples


def _encoded(
    folder: Path,
    spec: RunSpec,
    entries: Sequence[ManifestEntry],
    model: DiffusionModel,
    conditions: ConditionTable | None,
    device: torch.device,
    reader: Callable[[], EntryReader],
    log: EventLog,
    stopped: Callable[[], bool],
) -> Examples:
    data = spec.data
    # Labels count: the sensitive ones may have further variants.
    labels = [entry.label for entry in entries] if data.augment_sensitive else []
    variants = [data.horizontal_flip, data.augment_sensitive, labels]
    key = cache_key(spec, entries, model.family, source_identity(spec.model), variants)
    images = open_encoded(folder / f"latents-{key}", reader, data, model, device, log, stopped)
    return Examples(
        Rows(images.rows, SHARE_OF_GPU),
        label_numbers(entries, images.kept),
        images.kept,
        data,
        starts=images.starts,
        variants=images.variants,
        conditions=conditions,
    )


def _streamed(
    spec: RunSpec,
    reader: EntryReader,
    model: DiffusionModel,
    conditions: ConditionTable | None,
    log: EventLog,
    stopped: Callable[[], bool],
) -> Examples:
    looked_at, smaller = look(reader, spec.data)
    if smaller:
        which = f"{smaller} of {looked_at} images that were looked at"
        log.emit("warning", message=smaller_sentence(which, spec.data.image_size))
    kept = existing(reader, log, stopped)
    labels = label_numbers(reader.entries, kept)
    return Examples(
        StreamedImages(reader, kept, labels, spec.data, log),
        labels,
        kept,
        spec.data,
        conditions=conditions,
        encoder=model if model.encodes else None,
        shards=reader.shard[kept] if reader.shards else None,
    )
