"""The demo's material: real handwritten digits as PNG files, odd ones taken as sensitive.

The digits are the 1,797 of 8 × 8 pixels that scikit-learn ships (UCI "Optical Recognition of Handwritten Digits").
They are read from its data file, since importing scikit-learn would cost the application seconds.

DIR/
  images/        the corpus of the project: U (even, and about a tenth odd) and S (odd)
  labels.csv     the curator's labels: S as sensitive
  held-out/      every other digit; never part of the project, so nothing is judged by what it was trained on
  truth.csv      the true label of each held-out digit, for `pudm evaluate --truth`
  digits.pudm/   the project
"""

from __future__ import annotations

import csv
import importlib.util
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pudm_gui.project.exchange.importing import import_labels
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import scan
from training.atomic import write_atomic
from training.errors import UserError

EVEN_UNLABELED = 540
ODD_UNLABELED = 54
ODD_LABELED = 200
BRIGHTEST = 16
"""Largest value of a pixel in scikit-learn's file."""


@dataclass(frozen=True, slots=True)
class Digit:
    """One picture. `number` names its file and tells nothing about what it shows."""

    number: int
    pixels: NDArray[np.uint8]
    odd: bool

    @property
    def file_name(self) -> str:
        return f"digit-{self.number:06d}.png"


@dataclass(frozen=True, slots=True)
class Split:
    """Disjoint parts of the digits."""

    unlabeled: list[Digit]
    sensitive: list[Digit]
    held_out: list[Digit]


def load_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read scikit-learn's digits.

    Returns
    -------
    images
        ``(1797, 8, 8)`` uint8 in [0, 255].
    digits
        ``(1797,)`` the digit that each shows.

    Raises
    ------
    UserError
        scikit-learn, or its data file, is not installed.
    """
    package = importlib.util.find_spec("sklearn")
    folders = package.submodule_search_locations if package is not None else None
    file = Path(folders[0], "datasets", "data", "digits.csv.gz") if folders else None
    if file is None or not file.is_file():
        raise UserError(
            "The demo's digits come with scikit-learn, which is not installed; run pip install scikit-learn."
        )
    table = np.loadtxt(file, delimiter=",")
    images = np.rint(table[:, :-1] * (255 / BRIGHTEST)).astype(np.uint8).reshape(-1, 8, 8)
    return images, table[:, -1].astype(np.int64)


def split_digits(seed: int) -> Split:
    """Deal the digits out; the order of the file, which follows the digits, leaves no trace in the numbers."""
    images, digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits))
    shuffled = [Digit(number, images[i], bool(digits[i] % 2)) for number, i in enumerate(order)]
    even = [digit for digit in shuffled if not digit.odd]
    odd = [digit for digit in shuffled if digit.odd]
    labeled_from = ODD_UNLABELED
    held_out_from = ODD_UNLABELED + ODD_LABELED
    return Split(
        unlabeled=even[:EVEN_UNLABELED] + odd[:labeled_from],
        sensitive=odd[labeled_from:held_out_from],
        held_out=even[EVEN_UNLABELED:] + odd[held_out_from:],
    )


def prepare_demo(folder: Path, seed: int | None = None) -> Path:
    """Write the digits and a scanned, labeled project into `folder`; returns the project. A few seconds, no training.

    A folder that already holds the demo is taken as it is; `seed` None takes one of any seed, and makes one of seed 0.

    Raises
    ------
    UserError
        `folder` holds something else, or the demo with another seed.
    """
    folder = folder.resolve()
    marker, unfinished, project = folder / "demo.json", folder / "unfinished-demo", folder / "digits.pudm"
    if marker.is_file():
        if seed is not None:
            _check_seed(marker, seed)
        return project
    if unfinished.is_file():
        for part in (folder / "images", folder / "held-out", project):
            shutil.rmtree(part, ignore_errors=True)
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} already exists and is not a demo; choose another folder with --out.")
    folder.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    seed = 0 if seed is None else seed
    _write_files(folder, split_digits(seed))
    _create_project(project, folder)
    write_atomic(marker, json.dumps({"seed": seed}) + "\n")
    unfinished.unlink()
    return project


def _check_seed(marker: Path, seed: int) -> None:
    try:
        found = json.loads(marker.read_text("utf-8"))["seed"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{marker} cannot be read; delete {marker.parent} and start the demo again.") from None
    if found != seed:
        raise UserError(
            f"{marker.parent} holds the demo with seed {found}; choose another folder with --out for seed {seed}."
        )


def _write_files(folder: Path, split: Split) -> None:
    _write_images(folder / "images", split.unlabeled + split.sensitive)
    _write_images(folder / "held-out", split.held_out)
    _write_table(folder / "labels.csv", ((digit.file_name, "sensitive") for digit in split.sensitive))
    _write_table(
        folder / "truth.csv",
        ((f"held-out/{digit.file_name}", "sensitive" if digit.odd else "normal") for digit in split.held_out),
    )


def _write_images(folder: Path, digits: Iterable[Digit]) -> None:
    folder.mkdir()
    for digit in digits:
        Image.fromarray(digit.pixels).save(folder / digit.file_name)


def _write_table(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label"))
        writer.writerows(sorted(rows))


def _create_project(path: Path, folder: Path) -> None:
    with Project.create(path) as project:
        add_root(project, folder / "images")
        scan(project, progress=lambda _: None, cancelled=lambda: False)
        import_labels(project, folder / "labels.csv")
