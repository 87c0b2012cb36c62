"""The frozen list of images and labels that a run trains on: `manifest.jsonl`, one JSON object a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.atomic import write_atomic
from training.errors import UserError

Label = Literal["unlabeled", "sensitive", "normal"]
LABELS: tuple[Label, ...] = ("unlabeled", "sensitive", "normal")


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One image. `path` is relative to the root named by `root`; undecodable bytes in it are surrogate-escaped."""

    root: str
    path: str
    label: Label
    sha256: str
    """Hex digest of the file's content; "" where it is not known."""

    def file(self, roots: Mapping[str, str]) -> Path:
        return Path(roots[self.root], self.path)


def write_manifest(path: Path, entries: Iterable[ManifestEntry]) -> None:
    lines = (
        json.dumps({"root": e.root, "path": e.path, "label": e.label, "sha256": e.sha256}) for e in entries
    )  # ASCII-only JSON carries surrogate escapes through unharmed
    write_atomic(path, "".join(f"{line}\n" for line in lines))


def read_manifest(path: Path) -> list[ManifestEntry]:
    """Read `path` in file order.

    Raises
    ------
    UserError
        The file is missing or a line of it is not an entry.
    """
    entries = []
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise UserError(f"{path.parent} has no {path.name}; start the run again from its project.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); restore the file.") from None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            entry = ManifestEntry(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise UserError(f"{path}, line {number} is not an image entry ({error}); restore the file.") from None
        if entry.label not in LABELS:
            raise UserError(
                f"{path}, line {number} has the unknown label {entry.label!r}; use one of {', '.join(LABELS)}."
            )
        entries.append(entry)
    return entries


def label_counts(entries: Iterable[ManifestEntry]) -> dict[str, int]:
    counts = Counter(entry.label for entry in entries)
    return {label: counts[label] for label in LABELS}
