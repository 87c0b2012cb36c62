"""How well and how fast encoders tell images apart: ``python -m tests.benchmarks.bench_encoders DATA``.

DATA is the folder of real images of `tests/README.md`, of which it takes 2,000 test images of CIFAR-10, 600 photos of
cats and dogs and 2,000 test images of MNIST. "Alike" is the share of images whose most similar other one (cosine) is of
the same class, by the features and by their 128 principal components, which is what suggestions use. With
``--measure speed``, that of whole photos: read, decode, prepare with as many threads as the job has, encode.
"""

from __future__ import annotations

import argparse
import io
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tests import real_images
from training.decoding import decoder_threads
from training.derive import COMPONENTS, principal_components
from training.device import describe, pick_device
from training.encoders import Encoder, imagenet, load_encoder
from training.feature_writer import unit_rows
from training.images import Source, load
from training.spec import FeaturesSpec

SIZES = (128, 160, 192, 224)
"""Pixels at which the ImageNet encoder is tried."""
T = TypeVar("T")
MOST = 2000
TIMED_ROUNDS, TIMED_EVERY = 3, 4


@dataclass(frozen=True)
class Images:
    """A data set: files or their content, and the class of each."""

    name: str
    sources: list[Source]
    classes: NDArray[np.str_]


@dataclass(frozen=True)
class Speed:
    """Of photos: all that a job does with one, and the encoder alone; images per second, best of three."""

    photos: float
    encoded: float


def cifar(data: Path) -> Images:
    with zipfile.ZipFile(data / "cifar10" / "cifar10_subset_lossless_webp.zip") as archive:
        names = _some([name for name in archive.namelist() if name.startswith("test/") and name.endswith(".webp")])
        return Images("CIFAR-10", [archive.read(name) for name in names], np.array([n.split("/")[1] for n in names]))


def cats_and_dogs(data: Path) -> Images:
    files = sorted((data / "photos" / "cats-dogs").rglob("*.jpg"))
    return Images("cats and dogs", list(files), np.array([file.parent.name for file in files]))


def mnist(data: Path) -> Images:
    pixels, digits = real_images.mnist(data, part="t10k")
    chosen = _some(list(range(len(digits))))
    return Images("MNIST", [_png(pixels[index]) for index in chosen], digits[chosen].astype(str))


def _some(items: list[T]) -> list[T]:
    order = np.random.default_rng(0).permutation(len(items))[:MOST]
    return [items[index] for index in order]


def _png(pixels: NDArray[np.uint8]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def features(encoder: Encoder, images: Images) -> tuple[NDArray[np.float32], float]:
    """``(N, D)`` of length 1, and the seconds that encoding alone took."""

    def prepared(source: Source) -> NDArray[np.generic]:
        return encoder.prepare(load(source, at_least=encoder.at_least))

    rows, seconds = [], 0.0
    with ThreadPoolExecutor(decoder_threads()) as pool:
        arrays = pool.map(prepared, images.sources)
        while group := list(islice(arrays, encoder.batch)):
            batch = np.stack(group)
            begun = time.perf_counter()
            rows.append(encoder.encode(batch))
            seconds += time.perf_counter() - begun
    return unit_rows(np.concatenate(rows)), seconds


def alike(rows: NDArray[np.float32], classes: NDArray[np.str_]) -> float:
    """Share of rows whose likest other one is of the same class."""
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -np.inf)
    return float((classes[likeness.argmax(1)] == classes).mean())


def shares(encoder: Encoder, sets: list[Images]) -> dict[str, tuple[float, float]]:
    """Of each set the share alike, by the features and by their principal components."""
    found = {}
    for images in sets:
        rows, _ = features(encoder, images)
        mean, components = principal_components(rows, COMPONENTS)
        found[images.name] = alike(rows, images.classes), alike(unit_rows((rows - mean) @ components.T), images.classes)
    return found


def speed(encoder: Encoder, photos: Images) -> Speed:
    photos = Images(photos.name, photos.sources[::TIMED_EVERY], photos.classes[::TIMED_EVERY])
    whole, encoding = [], []
    for _ in range(TIMED_ROUNDS):
        begun = time.perf_counter()
        _, seconds = features(encoder, photos)
        whole.append(len(photos.sources) / (time.perf_counter() - begun))
        encoding.append(len(photos.sources) / seconds)
    return Speed(max(whole), max(encoding))


def encoders(bases: list[Path], device: torch.device) -> dict[str, Callable[[], Encoder]]:
    def at(size: int) -> Callable[[], Encoder]:
        def make() -> Encoder:
            imagenet.SIZE = size
            return imagenet.load(device)

        return make

    made: dict[str, Callable[[], Encoder]] = {f"ImageNet, {size} pixels": at(size) for size in SIZES}
    made["pixels"] = lambda: load_encoder(FeaturesSpec(encoder="pixels"), device)
    for base in bases:
        spec = FeaturesSpec(encoder="base", source=str(base.absolute()))
        made[f"base model {base.name}"] = lambda spec=spec: load_encoder(spec, device)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", type=Path, nargs="*", default=[], help="diffusers folders to look with as well")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--measure", choices=("alike", "speed"), default="alike")
    options = parser.parse_args()
    device = pick_device(options.device)
    photos = cats_and_dogs(options.data)
    sets = [cifar(options.data), photos, mnist(options.data)] if options.measure == "alike" else []
    print(describe(device), f"{decoder_threads()} threads decode", sep=", ")
    for name, make in encoders(options.base, device).items():
        encoder = make()
        if options.measure == "alike":
            told = "  ".join(f"{key} {full:.3f} / {few:.3f}" for key, (full, few) in shares(encoder, sets).items())
        else:
            found = speed(encoder, photos)
            told = f"{found.photos:.0f} photos/s, encoding alone {found.encoded:.0f}/s"
        print(f"{name:24} {encoder.dimension:5} numbers  {told}", flush=True)


if __name__ == "__main__":
    main()
