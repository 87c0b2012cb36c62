"""Real images with known kinds, described by the engine's encoders, as feature indexes: for `bench_suggestions`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pudm_gui.suggest.index import FeatureIndex
from tests.pudm_gui.suggest.stores import ANIMALS, cifar, index_of, write_store
from tests.real_images import mnist
from training.derive import COMPONENTS, principal_components
from training.feature_writer import unit_rows
from training.perceptual_hash import perceptual_hashes, small_grey
from training.spec import FeaturesSpec

CIFAR_EACH = 1800
VEHICLES, EVEN = 6000, 9000
SHARE = 0.1
"""Of the pool that is sensitive."""


@dataclass(frozen=True)
class Pool:
    """Images of which a tenth is sensitive."""

    name: str
    images: Sequence[Image.Image]
    kinds: NDArray[np.str_]
    sensitive: NDArray[np.bool_]


def pools(test_data: Path) -> list[Pool]:
    images, kinds = cifar(test_data, CIFAR_EACH)
    every = [_pool("CIFAR-10 animals", images, kinds, np.isin(kinds, ANIMALS), VEHICLES)]
    pixels, numbers = mnist(test_data)
    images, digits = [Image.fromarray(picture) for picture in pixels], numbers.astype(str)
    every.append(_pool("MNIST odd", images, digits, np.isin(digits, list("13579")), EVEN))
    every.append(_pool("MNIST 3", images, digits, digits == "3", EVEN // 2))
    files = [*(test_data / "photos" / "cats-dogs").glob("*/*.jpg")]
    kinds = np.array([file.parent.name for file in sorted(files)])
    every.append(_pool("photos of cats", [_photo(file) for file in sorted(files)], kinds, kinds == "cat", 300))
    return every


def described(pool: Pool, encoder: FeaturesSpec, folder: Path) -> FeatureIndex:
    """The pool as an encoder sees it, reduced as the engine does it; image n + 1 is the nth."""
    import torch

    from training.encoders import load_encoder

    cache = folder / f"{pool.name}-{encoder.encoder}.npy".replace(" ", "-")
    if not cache.exists():
        loaded = load_encoder(encoder, torch.device("cpu"))
        parts = []
        for start in range(0, len(pool.images), loaded.batch):
            some = [loaded.prepare(image.convert("RGB")) for image in pool.images[start : start + loaded.batch]]
            parts.append(loaded.encode(np.stack(some)))
        np.save(cache, np.concatenate(parts))
    features = unit_rows(np.load(cache))
    mean, components = principal_components(features, COMPONENTS)
    hashes = perceptual_hashes(np.stack([small_grey(image) for image in pool.images]))
    place = cache.with_suffix(".store")
    shutil.rmtree(place, ignore_errors=True)
    return index_of(write_store(place, features, phash=hashes, reduced=unit_rows((features - mean) @ components.T)))


def _pool(
    name: str, images: Sequence[Image.Image], kinds: NDArray[np.str_], sensitive: NDArray[np.bool_], normal: int
) -> Pool:
    rng = np.random.default_rng(0)
    others = rng.permutation(np.flatnonzero(~sensitive))[:normal]
    wanted = rng.permutation(np.flatnonzero(sensitive))[: round(len(others) * SHARE / (1 - SHARE))]
    chosen = rng.permutation(np.concatenate([others, wanted]))
    return Pool(name, [images[place] for place in chosen], kinds[chosen], sensitive[chosen])


def _photo(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((512, 512))
    return picture


Scorer = Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.floating]]
"""Scores of all rows, given their values and which are labeled sensitive."""


def baselines() -> dict[str, Scorer]:
    """What the classifier is compared with."""
    from sklearn.linear_model import LogisticRegression

    def elkan_noto(values: NDArray[np.float32], labeled: NDArray[np.int64]) -> NDArray[np.floating]:
        target = np.isin(np.arange(len(values)), labeled)
        return LogisticRegression(max_iter=500).fit(values, target).decision_function(values)

    return {
        "random": lambda values, labeled: np.random.default_rng(0).random(len(values)),
        "nearest of S": lambda values, labeled: (values @ values[labeled].T).max(axis=1),
        "mean of S": lambda values, labeled: values @ values[labeled].mean(axis=0),
        "logistic (Elkan, Noto)": elkan_noto,
    }
