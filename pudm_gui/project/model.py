"""The plain types that the store takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from training.errors import UserError
from training.manifest import Label as LabelWord

Ids = NDArray[np.int64]
"""Image ids: ``(N,)`` int64."""
Show = Literal["all", "unlabeled", "sensitive", "normal", "unreadable"]
ChangeKind = Literal["label", "undo", "redo", "import"]


class Label(IntEnum):
    """What a person says about an image. The numbers are stored; never renumber."""

    UNLABELED = 0
    SENSITIVE = 1
    NORMAL = 2

    @property
    def word(self) -> LabelWord:
        return cast(LabelWord, self.name.lower())

    @classmethod
    def from_word(cls, word: str) -> Label:
        """Read "sensitive", "normal" or "unlabeled", in any case.

        Raises
        ------
        UserError
            Any other word.
        """
        try:
            return cls[word.strip().upper()]
        except KeyError:
            raise UserError(f"There is no label {word.strip()!r}; use sensitive, normal or unlabeled.") from None


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images to list. `text` is looked for anywhere in the relative path, whatever its case."""

    show: Show = "all"
    text: str = ""

    def __post_init__(self) -> None:
        if self.show not in get_args(Show):
            raise ValueError(f"show is {self.show!r}, not one of {get_args(Show)}")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder of images. `available` tells whether it could be reached when asked."""

    id: int
    path: Path
    available: bool


@dataclass(frozen=True, slots=True)
class ImageRow:
    """All that is known of one image."""

    id: int
    root_id: int
    path: str
    """Relative to the root, with "/" between folders; undecodable bytes are surrogate-escaped."""
    file: Path
    width: int
    """Pixels, as shown (after EXIF orientation); 0 while unknown."""
    height: int
    size: int
    """Bytes."""
    modified: float
    """UNIX seconds."""
    sha256: str
    """Hex digest of the content; "" while unknown."""
    format: str
    problem: str | None
    """Why the image cannot be used, in one sentence."""
    label: Label
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many images there are.

    `sensitive` and `normal` count labels, also on images that have become unreadable since; `unlabeled` counts only
    images that can be looked at, so that it is what is left to do.
    """

    total: int
    unlabeled: int
    sensitive: int
    normal: int
    unreadable: int


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What an action did: the images whose label is different now. There is always at least one."""

    ids: Ids
    kind: ChangeKind
    label: Label | None
    """The label they have now; None where they differ."""

    @property
    def count(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One action of the label history."""

    id: int
    at: float
    """UNIX seconds."""
    kind: ChangeKind
    annotator: str
    source: str
    """Where the label came from, such as "hand" or "import"."""
    label: Label | None
    """The label that was given; None where images got different ones."""
    count: int
    """Images that were changed."""
    undone: bool
    """Whether the action is taken back at present. Always false for undo and redo."""
