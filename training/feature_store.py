"""Image features on disk: one row for each image content, appended as they are computed. Loads no torch.

features/<encoder-id>/
  info.json        which encoder, how many rows: written last, so it decides what counts
  digests.u8       (N, 32): sha256 of each row's image file, unique
  features.f16     (N, D) float16, rows of length 1; of a scorer (N, 1), its scores
  phash.u64        (N,): perceptual hashes
  damaged.u8       (M, 32): files that were read and hold no picture, not to be tried again
  derived/0003/    what is made of all rows at the end of a job: reduced.f16, map.f32, clusters.i32
  job/             the run folder of the last job (`training.featurize`)

Rows are keyed by content, so a renamed or copied image keeps its features. A killed writer loses the rows since its
last commit and nothing else. What is derived goes to a folder of a new number, and `info.json` turns to it at once:
whoever has the former files mapped can go on reading them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from training.digests import Digests
from training.errors import UserError

FORMAT = 1
INFO = "info.json"
DIGESTS, FEATURES, PHASH, DAMAGED = "digests.u8", "features.f16", "phash.u64", "damaged.u8"
DERIVED, REDUCED, MAP, CLUSTERS = "derived", "reduced.f16", "map.f32", "clusters.i32"
JOB = "job"
ROWS_AT_ONCE = 16_384

Kind = Literal["features", "scores"]


class NewerStoreError(UserError):
    """A newer version of the program wrote it, so it is left as it is."""


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """`info.json`."""

    encoder: str
    """Its id, which is also the folder's name."""
    name: str
    """For people."""
    dimension: int
    weights_sha256: str
    """Of the encoder; features of other weights are not comparable."""
    kind: Kind = "features"
    """"scores" where the encoder gives one number by which images are ranked."""
    rows: int = 0
    """Rows of digests, features and hashes."""
    damaged: int = 0
    generation: int = 0
    """Number of the folder with what is derived; 0 for none."""
    derived_rows: int = 0
    reduced: int = 0
    """Dimension of the reduced features."""
    format: int = FORMAT


class FeatureStore:
    """The rows of one encoder that can be used: those for which everything is there.

    While a job runs, its new rows do not show; they do once it has ended. Scores have nothing derived, so all their
    rows show. Arrays are memory-mapped and read-only.
    """

    def __init__(self, folder: Path, info: StoreInfo) -> None:
        self.folder, self.info = folder, info

    @classmethod
    def open(cls, folder: Path) -> FeatureStore:
        """Open the store in `folder`, ``features/<encoder-id>``.

        Raises
        ------
        UserError
            There is none, it is damaged, or from a newer version.
        """
        return cls(folder, read_info(folder))

    @classmethod
    def available(cls, features_dir: Path, kind: Kind = "features") -> list[FeatureStore]:
        """Those that have rows to show, by id. One that cannot be read counts as none: the next job makes it anew."""
        return [store for store in _stores(features_dir) if store.info.kind == kind and len(store)]

    def __len__(self) -> int:
        return self.info.rows if self.info.kind == "scores" else self.info.derived_rows

    @cached_property
    def digests(self) -> Digests:
        return self._mapped(self.folder / DIGESTS, np.uint8, len(self), 32)

    @cached_property
    def features(self) -> NDArray[np.float16]:
        """``(N, D)``, rows of length 1; of a scorer ``(N, 1)``."""
        return self._mapped(self.folder / FEATURES, np.float16, len(self), self.info.dimension)

    @cached_property
    def scores(self) -> NDArray[np.float32]:
        """``(N,)``: of a scorer, its numbers; higher is more so."""
        return self.features[:, 0].astype(np.float32)

    @cached_property
    def phash(self) -> NDArray[np.uint64]:
        return self._mapped(self.folder / PHASH, np.uint64, len(self))

    @cached_property
    def reduced(self) -> NDArray[np.float16]:
        """``(N, K)``: principal components of the features, rows of length 1."""
        return self._mapped(self._derived / REDUCED, np.float16, self.info.derived_rows, self.info.reduced)

    @cached_property
    def map(self) -> NDArray[np.float32]:
        """``(N, 2)`` in [0, 1]: like images lie near each other."""
        return self._mapped(self._derived / MAP, np.float32, self.info.derived_rows, 2)

    @cached_property
    def clusters(self) -> NDArray[np.int32]:
        """``(N,)``: the group of each, 0 up."""
        return self._mapped(self._derived / CLUSTERS, np.int32, self.info.derived_rows)

    @property
    def seen_digests(self) -> Digests:
        """``(…, 32)``: all that need not be computed again: rows of an unfinished job, and damaged images, too."""
        rows = self._mapped(self.folder / DIGESTS, np.uint8, self.info.rows, 32)
        return np.concatenate([rows, self.damaged_digests])

    @property
    def damaged_digests(self) -> Digests:
        return self._mapped(self.folder / DAMAGED, np.uint8, self.info.damaged, 32)

    def chunks(
        self, which: Literal["features", "reduced"] = "reduced", rows_at_once: int = ROWS_AT_ONCE
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The rows in order, as (number of the first row, ``(n, D)`` float32).

        Read as a file is, so that what was read does not count as this process's memory.
        """
        reduced = which == "reduced"
        path = self._derived / REDUCED if reduced else self.folder / FEATURES
        yield from read_rows(path, len(self), self.info.reduced if reduced else self.info.dimension, rows_at_once)

    @property
    def _derived(self) -> Path:
        return derived_folder(self.folder, self.info.generation)

    def _mapped(self, path: Path, dtype: DTypeLike, *shape: int) -> NDArray[Any]:
        if not all(shape):
            return np.empty(shape, dtype)
        try:
            return np.memmap(path, dtype, "r", shape=shape)
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path} is damaged or missing; delete the folder {self.folder} and let the features be computed again."
            ) from error


def read_info(folder: Path) -> StoreInfo:
    """What is in a store's folder, no more than its files hold.

    Raises
    ------
    UserError
        There is no store, it is damaged, or from a newer version.
    """
    path = folder / INFO
    try:
        raw = json.loads(path.read_text("utf-8"))
        version = raw["format"]
        if version > FORMAT:
            raise NewerStoreError(
                f"{folder} was written by a newer version of PU-DM Studio; update the program, or delete the folder."
            )
        info = StoreInfo(**{field.name: raw[field.name] for field in fields(StoreInfo) if field.name in raw})
        _check_types(info)
    except FileNotFoundError:
        raise UserError(f"{folder} holds no image features; compute them with pudm features.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is damaged ({error}); delete the folder {folder} and compute the features again."
        ) from None
    for name, width in ((DIGESTS, 32), (FEATURES, 2 * info.dimension), (PHASH, 8)):
        _check_length(folder / name, info.rows, width)
    _check_length(folder / DAMAGED, info.damaged, 32)
    if info.generation:
        derived = derived_folder(folder, info.generation)
        for name, width in ((REDUCED, 2 * info.reduced), (MAP, 8), (CLUSTERS, 4)):
            _check_length(derived / name, info.derived_rows, width)
    return info


def _check_types(info: StoreInfo) -> None:
    """Raise ``ValueError`` where a value is of another type, or no count."""
    for field in fields(StoreInfo):
        value = getattr(info, field.name)
        wanted = int if field.type == "int" else str
        if type(value) is not wanted or (isinstance(value, int) and value < 0):
            raise ValueError(f"{field.name} is {value!r}")


def derived_folder(folder: Path, generation: int) -> Path:
    return folder / DERIVED / f"{generation:04d}"


def read_rows(
    path: Path, rows: int, width: int, rows_at_once: int, first: int = 0
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Rows of `width` float16 numbers from the `first` on, as (number of a part's first, ``(n, width)`` float32)."""
    with path.open("rb") as file:
        file.seek(2 * width * first)
        for start in range(first, rows, rows_at_once):
            count = min(rows_at_once, rows - start)
            values = np.fromfile(file, np.float16, count * width)
            yield start, values.reshape(count, width).astype(np.float32)


def _check_length(path: Path, rows: int, width: int) -> None:
    if rows and (not path.is_file() or path.stat().st_size < rows * width):
        raise UserError(
            f"{path} is damaged or missing; delete the folder {path.parent} and let the features be computed again."
        )


def _stores(features_dir: Path) -> Iterator[FeatureStore]:
    for path in sorted(features_dir.glob(f"*/{INFO}")):
        try:
            yield FeatureStore.open(path.parent)
        except UserError:
            continue
