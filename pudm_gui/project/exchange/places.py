"""Where in a project a path that somebody wrote may lie."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from pudm_gui.project.exchange.rows import Row
from pudm_gui.project.model import Root
from pudm_gui.project.paths import posix

ANYWHERE = 0
_PLAIN = re.compile(r"(?!/)(?:(?!\.*/)[^/\\]*/)*(?!\.\.?$)[^/\\]+").fullmatch
"""Matches a relative path that has no empty, "." or ".." part: it stands as it is in the database."""


class Place(NamedTuple):
    """A path inside an image folder, or in any of them."""

    root: int
    path: str


class Places:
    """Knows the image folders of a project, by their names and behind links."""

    def __init__(self, roots: list[Root], folder: Path | None) -> None:
        """`folder`: where the files of rows that are files lie."""
        self._inside = [
            (f"{os.fspath(path).rstrip(os.sep)}{os.sep}", root.id)
            for root in roots
            for path in dict.fromkeys((root.path, root.path.resolve()))
        ]
        names = [root.path.name for root in roots]
        self._named = {root.path.name: root.id for root in roots if names.count(root.path.name) == 1}
        self._folder = None if folder is None else folder.absolute()

    def first(self, row: Row) -> Place | None:
        """The likeliest place: most paths are as plain as those of the project."""
        path = row.path
        if self._folder is None and _PLAIN(path):
            return Place(ANYWHERE, path)
        return next(self.of(row), None)

    def of(self, row: Row) -> Iterator[Place]:
        """The places where the image of `row` may be, the likeliest first; none where its path leaves the folders."""
        if self._folder is not None:
            yield from self._where_the_file_is(row)
        if _is_absolute(row.path):
            yield from self._absolute(row.path)
            return
        path = _plain(row.path)
        if not leaves(path):
            yield Place(ANYWHERE, path)
        first, _, rest = path.partition("/")
        if rest and first in self._named:  # written from the folder above
            yield Place(self._named[first], rest)
        if os.sep == "/" and "\\" in path:  # written on Windows
            yield from self.of(row._replace(path=path.replace("\\", "/")))

    def _where_the_file_is(self, row: Row) -> Iterator[Place]:
        assert self._folder is not None
        file = row.file if row.file is not None else self._folder / row.path
        yield from self._absolute(os.fspath(file))
        if row.file is not None and row.file.is_symlink():
            yield from self._absolute(os.path.realpath(row.file))

    def _absolute(self, path: str) -> Iterator[Place]:
        plain = os.path.normpath(path)
        for prefix, root in self._inside:
            if plain.startswith(prefix):
                yield Place(root, posix(plain[len(prefix) :]))
                return


def leaves(path: str) -> bool:
    """Whether a relative path leads out of every image folder."""
    plain = _plain(path)
    return plain == ".." or plain.startswith("../")


def _plain(path: str) -> str:
    """`path` with "/" between its parts, and without "." and ".." where they can be resolved."""
    if "./" in path or "//" in path or path.endswith(("/", "/.", "/..")) or path in (".", "..") or os.sep != "/":
        return posix(os.path.normpath(path))
    return path


def _is_absolute(path: str) -> bool:
    return path.startswith("/") if os.sep == "/" else PureWindowsPath(path).is_absolute()
