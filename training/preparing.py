"""Images made ready for an encoder by many threads, ahead of the batch that it is at."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.decoding import ahead
from training.encoders import Encoder
from training.images import ImageError, Source, load
from training.perceptual_hash import small_grey
from training.reading import EntryReader


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image ready for the encoder."""

    digest: bytes
    """sha256 of its file, as read here."""
    array: NDArray[Any]
    grey: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An image that could not be had, and its file's digest where that could be read all the same."""

    reason: str
    digest: bytes | None


def prepare_all(reader: EntryReader, encoder: Encoder) -> Generator[Prepared | Unreadable]:
    """Every image, in the reader's order, decoded by many threads a batch and more ahead."""
    return ahead(lambda index: _prepare(reader, index, encoder), len(reader.entries), further=encoder.batch)


def _prepare(reader: EntryReader, index: int, encoder: Encoder) -> Prepared | Unreadable:
    digest = None
    try:
        source = reader.source(index)
        digest = _digest(source)
        image = load(source, at_least=encoder.at_least)
        return Prepared(digest, encoder.prepare(image), small_grey(image))
    except ImageError as error:
        return Unreadable(str(error), digest)


def _digest(source: Source) -> bytes:
    """Of what is there now: features must not be kept under the name of what was there before."""
    if isinstance(source, bytes):
        return sha256(source).digest()
    try:
        with Path(source).open("rb") as file:
            return file_digest(file, "sha256").digest()
    except OSError as error:
        raise ImageError(f"The file could not be read: {error.strerror or error}.") from None
