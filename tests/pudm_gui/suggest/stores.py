"""Feature stores of given features, and real images as arrays."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pudm_gui.suggest.index import FeatureIndex
from tests import real_images
from training.feature_store import CLUSTERS, MAP, REDUCED, FeatureStore, StoreInfo
from training.feature_writer import FeatureWriter, unit_rows

ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")
COMPONENTS = 128


def write_store(
    folder: Path,
    features: NDArray[np.floating],
    *,
    digests: NDArray[np.uint8] | None = None,
    phash: NDArray[np.uint64] | None = None,
    reduced: NDArray[np.floating] | None = None,
    clusters: NDArray[np.int32] | None = None,
    places: NDArray[np.floating] | None = None,
) -> FeatureStore:
    """A store of these rows, ``(N, D)``; what is not given is made up."""
    count, dimension = features.shape
    rng = np.random.default_rng(0)
    if digests is None:
        digests = rng.integers(0, 256, (count, 32), np.uint8)
    if phash is None:
        phash = rng.integers(0, 2**64, count, np.uint64)
    if reduced is None:
        reduced = unit_rows(features)
    if clusters is None:
        clusters = np.zeros(count, np.int32)
    if places is None:
        places = rng.random((count, 2))
    with FeatureWriter(folder, StoreInfo(folder.name, "Made up", dimension, "00")) as writer:
        writer.append(digests, features, phash)
        writer.commit()
        with writer.deriving(reduced.shape[1]) as place:
            reduced.astype(np.float16).tofile(place / REDUCED)
            places.astype(np.float32).tofile(place / MAP)
            clusters.astype(np.int32).tofile(place / CLUSTERS)
    return FeatureStore.open(folder)


def index_of(store: FeatureStore) -> FeatureIndex:
    """Image n + 1 has row n."""
    return FeatureIndex(store, np.arange(1, len(store) + 1), np.arange(len(store)), 0)


def components_of(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """``(N, K)``: principal components, rows of length 1, as the engine derives them."""
    values = unit_rows(features)
    values -= values.mean(axis=0)
    _, axes = np.linalg.eigh(values.T @ values)
    return unit_rows(values @ axes[:, ::-1][:, :COMPONENTS])


def mnist(test_data: Path, count: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The first digits, ``(count, 784)`` in [-1, 1], and which they are."""
    pixels, digits = real_images.mnist(test_data, count)
    return pixels.reshape(-1, 784).astype(np.float32) / 127.5 - 1, digits


def cifar(test_data: Path, per_class: int) -> tuple[list[Image.Image], NDArray[np.str_]]:
    """So many images of each class, and their classes."""
    images: list[Image.Image] = []
    classes: list[str] = []
    with zipfile.ZipFile(test_data / "cifar10" / "cifar10_subset_lossless_webp.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.startswith("train/") and name.endswith(".webp"):
                class_ = name.split("/")[1]
                if classes.count(class_) < per_class:
                    images.append(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
                    classes.append(class_)
    return images, np.array(classes)
