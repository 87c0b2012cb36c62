"""Appending to a store of image features so that a kill at any moment leaves a whole one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from training.atomic import disk_error, fsync_path, write_atomic
from training.digests import Digests
from training.errors import UserError
from training.feature_store import (
    DAMAGED,
    DERIVED,
    DIGESTS,
    FEATURES,
    INFO,
    PHASH,
    FeatureStore,
    NewerStoreError,
    StoreInfo,
    derived_folder,
    read_info,
)


class FeatureWriter:
    """Appends rows to a store, which it makes where there is none. One process at a time: the job's claim sees to it.

    Rows of other weights, or of another width, are deleted: they could not be compared with new ones. So is what a
    killed writer left behind its last commit, and a store that is damaged.

    Parameters
    ----------
    folder
        ``features/<encoder-id>``.
    wanted
        Which encoder; its counts are not looked at.

    Raises
    ------
    NewerStoreError
        A newer version of the program wrote what is there.
    """

    def __init__(self, folder: Path, wanted: StoreInfo) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        empty = replace(wanted, rows=0, damaged=0, generation=0, derived_rows=0, reduced=0)
        try:
            found = read_info(folder)
        except NewerStoreError:
            raise
        except UserError:
            found = empty
        self.info = replace(found if _same_encoder(found, wanted) else empty, name=wanted.name)
        self._write_info()
        widths = {DIGESTS: 32, FEATURES: 2 * wanted.dimension, PHASH: 8}
        ends = {name: self.info.rows * width for name, width in widths.items()} | {DAMAGED: 32 * self.info.damaged}
        self._files = {name: _opened(folder / name, end) for name, end in ends.items()}
        self._delete_generations_but(self.info.generation)

    def append(self, digests: Digests, features: NDArray[np.floating], phash: NDArray[np.uint64]) -> None:
        """Add rows whose digests the store does not have. They count from the next `commit` on.

        Parameters
        ----------
        digests
            ``(n, 32)`` uint8.
        features
            ``(n, D)``; all but scores are brought to length 1.
        phash
            ``(n,)`` uint64.

        Raises
        ------
        UserError
            The disk is full.
        """
        values = np.asarray(features, np.float32)
        if values.shape != (len(digests), self.info.dimension) or len(phash) != len(digests):
            raise ValueError(f"{values.shape} features and {len(phash)} hashes for {len(digests)} digests")
        if self.info.kind == "features":
            values = unit_rows(values)
        self._append(DIGESTS, digests, np.uint8)
        self._append(FEATURES, values, np.float16)
        self._append(PHASH, phash, np.uint64)
        self.info = replace(self.info, rows=self.info.rows + len(digests))

    def seen_digests(self) -> Digests:
        """``(…, 32)``: the committed rows, and damaged files."""
        return FeatureStore(self.folder, self.info).seen_digests

    def note_damaged(self, digests: Digests) -> None:
        """Remember files that hold no picture, so that they are not tried again."""
        self._append(DAMAGED, digests, np.uint8)
        self.info = replace(self.info, damaged=self.info.damaged + len(digests))

    def commit(self) -> None:
        """Bring what was appended to the disk, then let it count.

        Raises
        ------
        UserError
            The disk is full; what was committed before is kept.
        """
        for name, file in self._files.items():
            try:
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise disk_error(error, self.folder / name) from error
        self._write_info()

    @contextmanager
    def deriving(self, reduced: int) -> Iterator[Path]:
        """Yield an empty folder for the files that are derived from all committed rows; they count from its end on.

        Parameters
        ----------
        reduced
            Dimension of the reduced features.
        """
        number = self.info.generation + 1
        folder = derived_folder(self.folder, number)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(parents=True)
            yield folder
            for file in sorted(folder.iterdir()):
                fsync_path(file)
            fsync_path(folder)
        except OSError as error:
            raise disk_error(error, folder) from error
        self.info = replace(self.info, generation=number, derived_rows=self.info.rows, reduced=reduced)
        self._write_info()
        self._delete_generations_but(number)

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, name: str, rows: NDArray[Any], dtype: DTypeLike) -> None:
        try:
            self._files[name].write(np.ascontiguousarray(rows, dtype).tobytes())
        except OSError as error:
            raise disk_error(error, self.folder / name) from error

    def _write_info(self) -> None:
        write_atomic(self.folder / INFO, json.dumps(asdict(self.info), indent=2, ensure_ascii=False) + "\n")

    def _delete_generations_but(self, number: int) -> None:
        """Where the system does not delete what another process has mapped, the next writer tries again."""
        kept = derived_folder(self.folder, number)
        for folder in (self.folder / DERIVED).glob("*"):
            if folder != kept:
                shutil.rmtree(folder, ignore_errors=True)


def unit_rows(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows scaled to length 1; those of zeros stay."""
    values = np.asarray(values, np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    return values / lengths


def _same_encoder(found: StoreInfo, wanted: StoreInfo) -> bool:
    """Whether rows of the two can be compared."""
    return (found.encoder, found.dimension, found.weights_sha256, found.kind) == (
        wanted.encoder,
        wanted.dimension,
        wanted.weights_sha256,
        wanted.kind,
    )


def _opened(path: Path, end: int) -> BinaryIO:
    """`path` for appending behind its first `end` bytes, without what follows them."""
    file = path.open("ab")
    file.truncate(end)
    return file
