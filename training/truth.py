"""Images of known truth, named by a CSV file, kept apart from what a run was trained on."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.errors import UserError
from training.images import ImageError, load_square
from training.manifest import ManifestEntry
from training.spec import DataSpec

FEWEST = 30
"""Images of each kind that a judge needs."""
TRAINING_SHARE = 0.6
"""Share of the truth that the judge learns from; the rest measures it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Readable images of known truth, in two parts that share no image.

    Attributes
    ----------
    train, test
        ``(N, C, H, W)`` uint8.
    train_sensitive, test_sensitive
        ``(N,)`` bool.
    note
        What was left out or kept against the rule, as a sentence; "" where there is nothing to say.
    """

    train: NDArray[np.uint8]
    train_sensitive: NDArray[np.bool_]
    test: NDArray[np.uint8]
    test_sensitive: NDArray[np.bool_]
    note: str

    @property
    def normals(self) -> NDArray[np.uint8]:
        """Normal images that the run was not trained on, of both parts."""
        return np.concatenate([self.train[~self.train_sensitive], self.test[~self.test_sensitive]])


def read_truth(file: Path, data: DataSpec, trained_on: Sequence[ManifestEntry], seed: int) -> Truth:
    """Read `file`, leave out what the run was trained on, and split the rest.

    Parameters
    ----------
    file
        CSV with the columns ``path`` and ``label`` ("normal" or "sensitive"). A path is absolute, or relative to an
        image root of the run or to the folder of `file`.
    trained_on
        The run's manifest; its images, by content or by path, are not used.

    Raises
    ------
    UserError
        No such file, a missing column, an unknown label or path, or fewer than 30 usable images of a kind.
    """
    rows = _rows(file, data)
    hashes = {entry.sha256 for entry in trained_on if entry.sha256}
    paths = {entry.file(data.roots).resolve() for entry in trained_on}
    images, sensitive, seen, unreadable = [], [], 0, 0
    for path, is_sensitive in rows:
        if path.resolve() in paths or (hashes and _sha256(path) in hashes):
            seen += 1
            continue
        try:
            images.append(load_square(path, data.image_size, data.channels))
        except ImageError:
            unreadable += 1
            continue
        sensitive.append(is_sensitive)
    flags = np.array(sensitive, dtype=bool)
    for kind, count in (("sensitive", int(flags.sum())), ("normal", int((~flags).sum()))):
        if count < FEWEST:
            raise UserError(
                f"{file.name} has {count} {kind} images that the run was not trained on, and a judge needs {FEWEST}; "
                "add more images of known truth."
            )
    train = _stratified(flags, np.random.default_rng(seed))
    stack = np.stack(images)
    left_out = [f"{seen} of its images were left out because the run was trained on them"] if seen else []
    left_out += [f"{unreadable} could not be read"] if unreadable else []
    return Truth(stack[train], flags[train], stack[~train], flags[~train], " and ".join(left_out))


def _rows(file: Path, data: DataSpec) -> list[tuple[Path, bool]]:
    try:
        with file.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as lines:
            reader = csv.DictReader(lines)
            missing = {"path", "label"} - set(reader.fieldnames or ())
            if missing:
                raise UserError(f"{file} has no column {' and '.join(sorted(missing))}; it needs path and label.")
            rows = [(reader.line_num, row["path"] or "", (row["label"] or "").strip().lower()) for row in reader]
    except (OSError, csv.Error) as error:
        raise UserError(f"{file} cannot be read ({error}); name a CSV file with the columns path and label.") from None
    bases = [*(Path(root) for root in data.roots.values()), file.resolve().parent]
    found = []
    for line, path, label in rows:
        if label not in ("normal", "sensitive"):
            raise UserError(f"{file}, line {line}: the label is {label!r}; use normal or sensitive.")
        # Path.is_file would raise where a folder may not be entered.
        here = next((base / path for base in bases if os.path.isfile(base / path)), None)  # noqa: PTH113
        if here is None:
            raise UserError(f"{file}, line {line}: there is no image {path}; correct the path.")
        found.append((here, label == "sensitive"))
    return found


def _stratified(sensitive: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    train = np.zeros(len(sensitive), dtype=bool)
    for kind in (False, True):
        order = rng.permutation(np.flatnonzero(sensitive == kind))
        train[order[: round(TRAINING_SHARE * len(order))]] = True
    return train


def _sha256(path: Path) -> str:
    """Of the content; "" where it may not be read, which decoding will find too."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
