"""The frozen list of images and labels that a run trains on: `manifest.jsonl`, one JSON object a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.atomic import atomic_text
from training.errors import UserError

Label = Literal["unlabeled", "sensitive", "normal"]
LABELS: tuple[Label, ...] = ("unlabeled", "sensitive", "normal")


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One image. `path` is relative to the root named by `root`; undecodable bytes in it are surrogate-escaped.

    The image may be a member of a tar file: its path is then that of the tar file, ``::`` and the member's name.
    """

    root: str
    path: str
    label: Label
    sha256: str
    """Hex digest of the file's content; "" where it is not known."""
    tags: tuple[str, ...] = ()
    """The curator's, in the order in which the store shows them."""

    @property
    def member(self) -> tuple[str, str] | None:
        """Path of the tar file and name of the member in it, where the image is one."""
        shard, found, name = self.path.partition(".tar::")
        return (f"{shard}.tar", name) if found else None

    def file(self, roots: Mapping[str, str]) -> Path:
        """The image file, or the tar file that holds it."""
        member = self.member
        return Path(roots[self.root], self.path if member is None else member[0])


def write_manifest(path: Path, entries: Iterable[ManifestEntry]) -> None:
    lines = (
        json.dumps(
            {"root": e.root, "path": e.path, "label": e.label, "sha256": e.sha256}
            | ({"tags": e.tags} if e.tags else {})
        )
        for e in entries
    )  # ASCII-only JSON carries surrogate escapes through unharmed
    with atomic_text(path) as file:
        file.writelines(f"{line}\n" for line in lines)


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
            fields = json.loads(line)
            entry = ManifestEntry(**{**fields, "tags": tuple(fields.get("tags", ()))})
        except (ValueError, TypeError, AttributeError) as error:
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
