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
ChangeKind = Literal["label", "tag", "import", "undo", "redo", "revert"]
SortKey = Literal["path", "name", "size", "modified", "resolution", "labeled"]
Source = Literal["hand", "import", "suggestion", "audit", "settled"]
"""Where a label came from: a person in the grid, a file, an accepted suggestion, an audit, or a settled
disagreement."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Images found by something other than the store, such as those similar to one, best first."""

    title: str
    """For people: "Similar to beach.jpg"."""
    ids: Ids
    source: Source = "hand"
    """Where labels that are given in this list come from. Unlabeled images among suggestions are suspected."""
    expected: Label | None = None
    """Images that got another label stay where they are, but no longer belong here."""
    key: str = ""
    """A listing with the same key, unless that is empty, goes on with this one: what is in sight stays in sight."""

    def continues(self, other: Listing | None) -> bool:
        """Whether it is the same list, brought up to date."""
        return self is other or (other is not None and self.key == other.key != "")


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images to list, and in which order. All conditions must hold; an empty one lets everything through."""

    show: Show = "all"
    text: str = ""
    """Looked for anywhere in the relative path, whatever its case."""
    tags: tuple[str, ...] = ()
    """The image has one of these."""
    untagged: bool = False
    sources: tuple[str, ...] = ()
    """The label came from one of these (`Source`)."""
    annotators: tuple[str, ...] = ()
    """The label was given by one of these."""
    folder: str = ""
    """Relative to the root, with "/" between parts; folders inside it count."""
    size: tuple[int | None, int | None] = (None, None)
    """Least and most bytes."""
    modified: tuple[float | None, float | None] = (None, None)
    """From and until, UNIX seconds; the end is not included."""
    edge: tuple[int | None, int | None] = (None, None)
    """Least and most pixels of the shorter side."""
    changed: bool = False
    """The file has another content than when it was labeled."""
    within: Listing | None = None
    """Only these, in their order where `sort` is None."""
    sort: SortKey | None = None
    """None: the listing's order where there is one, else by path."""
    descending: bool = False

    def __post_init__(self) -> None:
        if self.show not in get_args(Show):
            raise ValueError(f"show is {self.show!r}, not one of {get_args(Show)}")
        if self.sort is not None and self.sort not in get_args(SortKey):
            raise ValueError(f"sort is {self.sort!r}, not one of {get_args(SortKey)}")


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
    changed: bool = False
    """The content is another than when the image was labeled."""
    source: str = ""
    """Where the label came from; "" without one."""
    annotator: str = ""
    """Who gave the label; "" without one."""


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
    changed: int = 0
    """Labeled images whose file has another content since."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What an action did: the images whose label or tags are different now. There is always at least one."""

    ids: Ids
    kind: ChangeKind
    label: Label | None
    """The label they have now; None where they differ, or only tags changed."""

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
    """Whether the action is taken back at present, by undo or by revert. Always false for undo and redo."""
    target: int | None = None
    """The action that was undone, redone or reverted."""
    tags: tuple[str, ...] = ()
    """What was done to tags, such as "+face" and "-hands"; the first twenty."""
    note: str = ""
    """Such as the name of the file that was imported."""
    reverted_by: int | None = None
    """The revert that takes the action back at present."""
    target_kind: ChangeKind | None = None
    target_label: Label | None = None
    target_count: int = 0
    """Kind, label and images of `target`."""

    @property
    def revertible(self) -> bool:
        """Whether the action can be taken back by itself; where it is a revert, that brings back what it took."""
        if self.undone:
            return False
        return self.kind in ("label", "tag", "import") or (self.kind == "revert" and self.target_kind != "revert")
