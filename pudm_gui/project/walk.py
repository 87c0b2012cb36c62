"""Finding image files below a folder, whatever the folder looks like."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.paths import decode, encode, posix
from pudm_gui.project.project import SUFFIX
from training.images import SUFFIXES

PART = 500
"""Files that are told of, and written, together: a few milliseconds, so that a label never waits for long."""
_ENDINGS = tuple(SUFFIXES)
_by_name = attrgetter("name")


class FoundFile(NamedTuple):
    """An image file, by name; nobody has looked into it yet."""

    path: str
    """Relative to the root, with "/" between folders."""
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some or all of the image files of one folder. Kept small, since a million files may have to wait."""

    folder: str
    """Relative to the root, with "/" between folders; "" for the root itself."""
    joined: bytes
    """The names, with "/" between them, as the disk has them."""
    sizes: array[int]
    times: array[int]
    """Last modification, nanoseconds."""
    last: bool
    """No other part of the folder follows."""

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def names(self) -> list[str]:
        return decode(self.joined).split("/") if len(self) else []

    @property
    def paths(self) -> list[str]:
        """Relative to the root."""
        lead = f"{self.folder}/" if self.folder else ""
        return [lead + name for name in self.names]

    def chosen(self, mask: NDArray[np.bool_]) -> Part:
        """The files where `mask`, ``(N,)``, is true."""
        if mask.all():
            return self
        joined = encode("/".join(compress(self.names, mask)))
        sizes, times = array("q", compress(self.sizes, mask)), array("q", compress(self.times, mask))
        return Part(self.folder, joined, sizes, times, self.last)

    def files(self) -> Iterator[FoundFile]:
        return map(FoundFile, self.paths, self.sizes, self.times)


class Walk:
    """One pass over the files below `root`.

    It follows links to files and folders, visits no folder twice, so that loops end, and skips hidden files
    and project folders. Folders that cannot be listed are told in `problems`, and the pass goes on.
    """

    def __init__(self, root: Path) -> None:
        self.problems: list[str] = []
        self._root = os.fspath(root)
        self._unlisted: list[str] = []
        self._seen: set[tuple[int, int]] = set()
        self._links: list[str] = []
        """Links to folders; followed last, so that an image is known by its real path if it has one below the root."""

    def __iter__(self) -> Iterator[FoundFile]:
        for part in self.parts():
            yield from part.files()

    def parts(self) -> Iterator[Part]:
        """The files of one folder after the other. Each folder that could be listed ends with a `Part.last`."""
        pending = [""]
        while pending or self._links:
            relative = pending.pop() if pending else self._links.pop()
            folders: list[str] = []
            try:
                if self._first_visit(relative):
                    yield from self._listed(relative, folders)
            except OSError as error:
                self._unlisted.append(posix(relative))
                self.problems.append(
                    f"The folder {Path(self._root, relative)} could not be listed ({error.strerror or error}), so its "
                    "images are not looked at."
                )
            pending += sorted(folders, reverse=True)

    def listed(self, folder: str) -> bool:
        """Whether the pass would have seen the files in `folder`, had there been any."""
        return not any(not other or folder == other or folder.startswith(f"{other}/") for other in self._unlisted)

    def _listed(self, relative: str, folders: list[str]) -> Iterator[Part]:
        """The files of one folder, by name within each part; the folders in it go to `folders`."""
        prefix = f"{relative}{os.sep}" if relative else ""
        folder = posix(relative)
        found: list[os.DirEntry[str]] = []
        with os.scandir(os.path.join(self._root, relative)) as listing:  # noqa: PTH118 — a million times
            for entry in listing:
                name = entry.name
                if name[0] == "." or (os.name == "nt" and _hidden(entry)):
                    continue
                if _is_folder(entry):
                    if not name.endswith(SUFFIX):
                        (self._links if entry.is_symlink() else folders).append(prefix + name)
                elif name.lower().endswith(_ENDINGS):
                    found.append(entry)
                    if len(found) == PART:
                        yield _part(folder, found, last=False)
                        found = []
        yield _part(folder, found, last=True)

    def _first_visit(self, relative: str) -> bool:
        status = os.stat(os.path.join(self._root, relative))  # noqa: PTH116, PTH118
        place = (status.st_dev, status.st_ino)
        if place in self._seen:
            return False
        self._seen.add(place)
        return True


def _part(folder: str, entries: list[os.DirEntry[str]], *, last: bool) -> Part:
    entries.sort(key=_by_name)
    sizes, times = array("q"), array("q")
    for entry in entries:
        try:
            status = entry.stat()
        except OSError:
            size, mtime_ns = _of_no_file(entry)
        else:
            size, mtime_ns = status.st_size, status.st_mtime_ns
        sizes.append(size)
        times.append(mtime_ns)
    return Part(folder, encode("/".join([entry.name for entry in entries])), sizes, times, last)


def _hidden(entry: os.DirEntry[str]) -> bool:
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or into a folder that may not be entered
        return False


def _of_no_file(entry: os.DirEntry[str]) -> tuple[int, int]:
    """Size and time of a link that leads nowhere, as the inspection will say, or of what was deleted meanwhile."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
