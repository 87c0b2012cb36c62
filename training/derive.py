"""What is made of all features at the end of a job: fewer numbers, groups, and a map to look at.

All of it is fitted to a sample of the rows and then applied to all. While a store has grown little since, what was
fitted stays and new rows are placed by it: that is quick, and nothing moves on the map.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.cluster import MiniBatchKMeans
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from training.feature_store import CLUSTERS, FEATURES, MAP, REDUCED, derived_folder, read_rows
from training.feature_writer import FeatureWriter, unit_rows

COMPONENTS = 128
FITTED_ROWS = 20_000
"""Rows that the principal components and the groups are fitted to, at most."""
LANDMARKS = 4_000
"""Rows that t-SNE places; the others go where the landmarks like them are."""
GROWTH = 1.1
"""What was fitted stays until a store has this many times the rows."""
MOST_GROUPS = 200
NEIGHBOURS = 5
NEAR = 0.03
"""Landmarks count for a row's place on the map within this distance from the likest one: between islands is nothing."""
PERPLEXITY = 30
FEWEST_TO_PLACE = 8
"""Fewer rows are placed by their first two components."""
ROWS_AT_ONCE = 8_192
FITTED = "fitted.npz"

Floats = NDArray[np.float32]
Tick = Callable[[int, int], None]
"""Called between parts of the work with how much is done, of how much. May raise, to stop it."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What places rows.

    Attributes
    ----------
    mean, components
        ``(D,)`` and ``(K, D)``: principal components.
    centres
        ``(G, K)`` of the groups.
    landmarks, places
        ``(L, K)`` reduced features and ``(L, 2)`` in [0, 1].
    rows
        How many the store had when this was fitted.
    """

    mean: Floats
    components: Floats
    centres: Floats
    landmarks: Floats
    places: Floats
    rows: int

    def save(self, path: Path) -> None:
        np.savez(path, **asdict(self))

    @classmethod
    def load(cls, path: Path) -> Fitted | None:
        """None where there is none that can be read: it is fitted anew then. Pickles are not read."""
        try:
            with np.load(path) as arrays:
                return cls(**{name: arrays[name] for name in cls.__slots__ if name != "rows"}, rows=int(arrays["rows"]))
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
            return None

    def reduce(self, features: Floats) -> Floats:
        """``(n, K)`` rows of length 1 from ``(n, D)``."""
        return unit_rows((features - self.mean) @ self.components.T)

    def group(self, reduced: Floats) -> NDArray[np.int32]:
        """``(n,)``: the group whose centre is nearest."""
        distances = (self.centres**2).sum(1) - 2 * reduced @ self.centres.T
        return distances.argmin(1).astype(np.int32)

    def place(self, reduced: Floats) -> Floats:
        """``(n, 2)``: where on the map the likest landmarks are, one's own place for a landmark."""
        likeness = reduced @ self.landmarks.T
        nearest, likeness = _highest(likeness, min(NEIGHBOURS, len(self.landmarks)))
        away = np.linalg.norm(self.places[nearest] - self.places[nearest[:, :1]], axis=2)
        distance = np.maximum(1 - likeness, 0)
        weights = np.where(away <= NEAR, 1 / (distance + 1e-6), 0)
        return ((weights / weights.sum(1, keepdims=True))[:, :, None] * self.places[nearest]).sum(1).astype(np.float32)


def _highest(values: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """``(n, count)`` columns of the highest values of each row, and these, highest first; `values` is used up.

    So few are found by as many passes, far sooner than numpy partitions the rows.
    """
    rows = np.arange(len(values))
    columns = np.empty((len(values), count), np.int64)
    highest = np.empty((len(values), count), np.float32)
    for number in range(count):
        columns[:, number] = values.argmax(1)
        highest[:, number] = values[rows, columns[:, number]]
        values[rows, columns[:, number]] = -np.inf
    return columns, highest


def derive(writer: FeatureWriter, seed: int = 0, tick: Tick = lambda done, total: None) -> None:
    """Derive from all committed rows of a store, which then show.

    Parameters
    ----------
    seed
        Of the samples, groups and map: the same rows give the same.
    """
    rows, former = writer.info.rows, writer.info.derived_rows
    old = derived_folder(writer.folder, writer.info.generation)
    fitted = Fitted.load(old / FITTED) if former else None
    if fitted is None or rows > GROWTH * fitted.rows:
        fitted, former = fit(writer.folder / FEATURES, rows, writer.info.dimension, seed, tick), 0
    with writer.deriving(len(fitted.components)) as folder:
        fitted.save(folder / FITTED)
        _apply(fitted, writer, old, folder, former, tick)


def fit(path: Path, rows: int, dimension: int, seed: int, tick: Tick) -> Fitted:
    """Fit to a sample of the `rows` × `dimension` features in `path`."""
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(rows)[:FITTED_ROWS])
    features = np.memmap(path, np.float16, "r", shape=(rows, dimension))[sample].astype(np.float32)
    tick(0, 4)
    mean, components = principal_components(features, COMPONENTS)
    reduced = unit_rows((features - mean) @ components.T)
    tick(1, 4)
    groups = int(np.clip(round(np.sqrt(rows) / 2), 1, min(MOST_GROUPS, len(reduced))))
    with threadpool_limits(1):  # its many small steps: threads that wait for each other take 20 s on a busy machine
        means = MiniBatchKMeans(groups, random_state=seed, n_init=3, batch_size=4096).fit(reduced)
    tick(2, 4)
    landmarks = reduced[np.sort(rng.permutation(len(reduced))[:LANDMARKS])]
    places = lay_out(landmarks, seed)
    tick(4, 4)
    return Fitted(mean, components, means.cluster_centers_.astype(np.float32), landmarks, places, rows)


def principal_components(features: Floats, most: int) -> tuple[Floats, Floats]:
    """The mean ``(D,)`` and up to `most` directions ``(K, D)`` of the largest variance, each with a sign of its own."""
    mean = features.mean(0)
    centred = features - mean
    count = min(most, *features.shape)
    if len(features) < features.shape[1]:
        _, _, directions = np.linalg.svd(centred, full_matrices=False)
        directions = directions[:count]
    else:
        size = features.shape[1]
        _, vectors = eigh(centred.T @ centred, subset_by_index=(size - count, size - 1))
        directions = vectors[:, ::-1].T
    largest = np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], 1)
    return mean, np.ascontiguousarray(directions * np.sign(largest), np.float32)


def lay_out(reduced: Floats, seed: int) -> Floats:
    """``(n, 2)`` in [0, 1]: rows that are like each other come near each other (t-SNE, van der Maaten, 2014)."""
    places = np.zeros((len(reduced), 2), np.float32)
    shown = min(2, reduced.shape[1])
    places[:, :shown] = reduced[:, :shown]
    if len(reduced) >= FEWEST_TO_PLACE and np.ptp(places) > 0:
        start = places / places[:, 0].std() * 1e-4 if places[:, 0].std() > 0 else places
        perplexity = min(PERPLEXITY, (len(reduced) - 1) / 3)
        places = TSNE(init=start, perplexity=perplexity, random_state=seed, max_iter=750).fit_transform(reduced)
    low, high = places.min(0), places.max(0)
    width = max(float((high - low).max()), 1e-12)
    return ((places - (low + high) / 2) / width + 0.5).astype(np.float32)


def _apply(fitted: Fitted, writer: FeatureWriter, old: Path, folder: Path, former: int, tick: Tick) -> None:
    """Write what is derived of every row; of the first `former` ones it is copied from `old`."""
    rows, dimension, reduced_dimension = writer.info.rows, writer.info.dimension, len(fitted.components)
    widths = {REDUCED: 2 * reduced_dimension, MAP: 8, CLUSTERS: 4}
    files = {name: (folder / name).open("wb") for name in widths}
    try:
        for name, file in files.items():
            if former:
                with (old / name).open("rb") as source:
                    shutil.copyfileobj(source, file)
                file.truncate(former * widths[name])
                file.seek(0, os.SEEK_END)
        for start, features in read_rows(writer.folder / FEATURES, rows, dimension, ROWS_AT_ONCE, first=former):
            reduced = fitted.reduce(features)
            files[REDUCED].write(reduced.astype(np.float16).tobytes())
            files[MAP].write(fitted.place(reduced).tobytes())
            files[CLUSTERS].write(fitted.group(reduced).tobytes())
            tick(start + len(features), rows)
    finally:
        for file in files.values():
            file.close()
