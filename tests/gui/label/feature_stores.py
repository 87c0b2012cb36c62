"""Small feature stores for window tests, written as the engine writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.project import Project
from tests.pudm_gui.suggest.stores import components_of, write_store
from training.digests import digest_rows
from training.feature_store import StoreInfo
from training.feature_writer import FeatureWriter


def write_features(
    project: Project,
    encoder: str = "pixels",
    *,
    keep: Callable[[str], bool] = lambda name: True,
) -> None:
    """Features of all images whose file name `keep` takes: their pixels, as those of digits named DIGIT-NUMBER.png.

    Digits of a kind form a group, which lies on a circle of the map.
    """
    rows = [row for row in image_rows(project, image_ids(project)) if keep(Path(row.path).name) and not row.problem]
    rows = list({row.sha256: row for row in rows}.values())
    pixels = np.stack([_pixels(row.file) for row in rows])
    groups = np.array([int(Path(row.path).name[0]) for row in rows])
    digests = digest_rows([row.sha256 for row in rows])
    write_store(
        project.path / "features" / encoder,
        pixels,
        digests=digests,
        phash=_hashes(pixels),
        reduced=components_of(pixels),
        clusters=groups,
        places=_circle(groups),
    )


def write_scores(project: Project) -> None:
    """Scores of a scorer: the higher the digit, the higher."""
    rows = list({row.sha256: row for row in image_rows(project, image_ids(project))}.values())
    info = StoreInfo("nudity", "Nudity", 1, "00", kind="scores")
    with FeatureWriter(project.path / "features" / "nudity", info) as writer:
        scores = np.array([[int(Path(row.path).name[0]) / 10] for row in rows], np.float32)
        writer.append(digest_rows([row.sha256 for row in rows]), scores, np.zeros(len(rows), np.uint64))
        writer.commit()


def _pixels(file: Path) -> NDArray[np.float32]:
    with Image.open(file) as image:
        return np.asarray(image.convert("L").resize((8, 8)), np.float32).ravel() + 1


def _hashes(pixels: NDArray[np.float32]) -> NDArray[np.uint64]:
    bits = (pixels > np.median(pixels, axis=1, keepdims=True)).astype(np.uint8)
    return np.packbits(bits, axis=1).view(np.uint64).ravel()


def _circle(groups: NDArray[np.int64]) -> NDArray[np.float32]:
    """``(N, 2)``: a small heap for each group."""
    angle = 2 * np.pi * groups / (groups.max() + 1)
    heap = np.random.default_rng(0).normal(0, 0.01, (len(groups), 2))
    return (0.5 + 0.4 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + heap).astype(np.float32)
