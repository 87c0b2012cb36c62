"""Finding image files below a folder, whatever the folder looks like."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pudm_gui.project.paths import posix
from training.images import SUFFIXES

PROJECT_SUFFIX = ".pudm"
_ENDINGS = tuple(SUFFIXES)


class FoundFile(NamedTuple):
    """An image file, by name; nobody has looked into it yet."""

    path: str
    """Relative to the root, with "/" between folders."""
    size: int
    mtime_ns: int


class Walk:
    """One pass over the files below `root`.

    Iterating follows links to files and folders, visits no folder twice, so that loops end, and skips hidden files
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
        pending = [""]
        while pending or self._links:
            relative = pending.pop() if pending else self._links.pop()
            try:
                if not self._first_visit(relative):
                    continue
                with os.scandir(os.path.join(self._root, relative)) as listing:  # noqa: PTH118 — a million times
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self._unlisted.append(posix(relative))
                self.problems.append(
                    f"The folder {Path(self._root, relative)} could not be listed ({error.strerror or error}), so its "
                    "images are not looked at."
                )
                continue
            folders: list[str] = []
            prefix = f"{relative}{os.sep}" if relative else ""
            for entry in entries:
                if _hidden(entry):
                    continue
                name = prefix + entry.name
                if _is_folder(entry):
                    if not entry.name.endswith(PROJECT_SUFFIX):
                        (self._links if entry.is_symlink() else folders).append(name)
                elif entry.name.lower().endswith(_ENDINGS):
                    yield FoundFile(posix(name), *_size_and_time(entry))
            pending += reversed(folders)

    def listed(self, path: str) -> bool:
        """Whether the pass would have seen `path`, had it been there."""
        return not any(not folder or path.startswith(f"{folder}/") for folder in self._unlisted)

    def _first_visit(self, relative: str) -> bool:
        status = os.stat(os.path.join(self._root, relative))  # noqa: PTH116, PTH118
        place = (status.st_dev, status.st_ino)
        if place in self._seen:
            return False
        self._seen.add(place)
        return True


def _hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0) if os.name == "nt" else 0
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or into a folder that may not be entered
        return False


def _size_and_time(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        status = entry.stat()
    except OSError:  # a link that leads nowhere; the inspection will say so
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:  # deleted since it was listed
            return 0, 0
    return status.st_size, status.st_mtime_ns
