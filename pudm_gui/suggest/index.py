"""The images of a project that have features, joined with their rows in a feature store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.features import readable_images
from pudm_gui.project.model import Ids
from pudm_gui.project.project import Project
from training.digests import Digests
from training.feature_store import FeatureStore

Which = Literal["features", "reduced"]
Rows = NDArray[np.int64]
ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, eq=False)
class FeatureIndex:
    """Which image has which row of `store`. Images with the same content share a row.

    Made by `load`; it never changes, so any thread may use it. After a scan or a features job, load another.
    """

    store: FeatureStore
    ids: Ids
    """``(M,)``, rising: the readable images that have features."""
    rows: Rows
    """``(M,)``: the row of each."""
    missing: int
    """Readable images that have none yet."""

    @classmethod
    def load(cls, project: Project, store: FeatureStore) -> FeatureIndex:
        """Find the row of every readable image by the digest of its content."""
        finder = _RowFinder(store.digests)
        ids, rows, missing = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
        for some, digests in readable_images(project.db):
            found = finder(digests)
            has = found >= 0
            ids.append(some[has])
            rows.append(found[has])
            missing += len(some) - int(has.sum())
        return cls(store, np.concatenate(ids), np.concatenate(rows), missing)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def used(self) -> Rows:
        """``(R,)``, rising: the rows that some image has, each once."""
        taken = np.zeros(len(self.store), bool)
        taken[self.rows] = True
        return np.flatnonzero(taken)

    @cached_property
    def compact(self) -> Rows:
        """``(M,)``: for each image the place of its row in `used`."""
        place = np.zeros(len(self.store), np.int64)
        place[self.used] = np.arange(len(self.used))
        return place[self.rows]

    def positions(self, ids: Ids) -> NDArray[np.int64]:
        """Where `ids` are in `self.ids`, in the order given; those without features are left out."""
        wanted = np.asarray(ids, np.int64)
        if not len(self.ids):
            return np.empty(0, np.int64)
        places = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return places[self.ids[places] == wanted]

    def chunks(self, which: Which = "reduced", rows_at_once: int = ROWS_AT_ONCE) -> Iterator[NDArray[np.float32]]:
        """The values of the rows in `used`, in order, ``(n, D)`` float32 at a time."""
        used, done = self.used, 0
        for start, values in self.store.chunks(which, rows_at_once):
            until = int(np.searchsorted(used, start + len(values)))
            wanted = used[done:until] - start
            if len(wanted):
                yield values if len(wanted) == len(values) else values[wanted]
            done = until

    def values(self, rows: Rows, which: Which = "reduced") -> NDArray[np.float32]:
        """``(n, D)`` float32 of some rows of the store."""
        stored = self.store.reduced if which == "reduced" else self.store.features
        return np.asarray(stored[rows], np.float32)


class _RowFinder:
    """Finds rows by digest, as `training.digests.find_rows`, but sorts the known ones once for many questions."""

    def __init__(self, known: Digests) -> None:
        self._known = known
        keys = _keys(known)
        self._order = np.argsort(keys).astype(np.int32)
        self._keys = keys[self._order]

    def __call__(self, digests: Digests) -> Rows:
        """``(N,)``: the row of each, -1 where there is none."""
        if not len(self._keys):
            return np.full(len(digests), -1, np.int64)
        places = np.minimum(np.searchsorted(self._keys, _keys(digests)), len(self._keys) - 1)
        rows = self._order[places]
        return np.where((self._known[rows] == digests).all(axis=1), rows, -1).astype(np.int64)


def _keys(digests: Digests) -> NDArray[np.uint64]:
    """``(N,)``: the first 8 bytes, which tell all but one in billions apart."""
    return np.ascontiguousarray(digests[:, :8]).view(np.uint64).ravel()
