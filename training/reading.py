"""Reading what a manifest names, whether it lies in files or in tar shards, from many threads at once."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from training.errors import UserError
from training.image_opening import ImageError, Source
from training.manifest import ManifestEntry
from training.shards import index_shard, member_extension, member_key

OPEN_SHARDS = 8
"""Tar files that a thread keeps open: an epoch's order visits a few at a time."""

Tick = Callable[[int, int], None]
"""Called between images with how many are done, of how many. May raise, to stop the work."""


class EntryReader:
    """Finds the content of each line of a manifest. What it knows of a line is a few bytes, in arrays.

    Parameters
    ----------
    roots
        Root id, as in the manifest, to its folder.
    entries
        The manifest.
    cache
        Folder for the tables of contents of tar files; without one they are read at every start.
    tick
        Called after each tar file.

    Raises
    ------
    UserError
        A root is unknown or gone, or a tar file is gone or damaged.
    """

    def __init__(
        self,
        roots: Mapping[str, str],
        entries: Sequence[ManifestEntry],
        cache: Path | None = None,
        tick: Tick = lambda done, total: None,
    ) -> None:
        self.entries, self.roots = entries, roots
        _check_roots(roots, entries)
        self.shards: list[Path] = []
        """The tar files that entries are members of."""
        self.shard = np.full(len(entries), -1, dtype=np.int32)
        """``(N,)``: each entry's place in `shards`; -1 for plain files."""
        self._spans = np.zeros((len(entries), 2), dtype=np.int64)
        self._captions: dict[int, dict[str, tuple[int, int]]] = {}
        self._cache = cache
        self._open = _OpenFiles()
        self._find_members(tick)

    def source(self, index: int) -> Source:
        """An image file's path, or the content of a tar member.

        Raises
        ------
        ImageError
            The tar file does not hold it, or cannot be read.
        """
        if self.shard[index] < 0:
            return self.entries[index].file(self.roots)
        offset, size = self._spans[index].tolist()
        if size < 0:
            raise ImageError("The tar file does not hold it.")
        try:
            content = self._open.read(self.shards[self.shard[index]], offset, size)
        except OSError as error:
            raise ImageError(f"The tar file could not be read: {error.strerror or error}.") from None
        if len(content) < size:
            raise ImageError("The tar file ends before the image does.")
        return content

    def exists(self, index: int) -> bool:
        """Whether the image is where the manifest says, which does not tell whether it can be decoded."""
        if self.shard[index] >= 0:
            return bool(self._spans[index, 1] >= 0)
        return self.entries[index].file(self.roots).is_file()

    def beside(self, index: int, suffixes: Sequence[str]) -> tuple[str, str] | None:
        """The text of the file, or tar member, that has the image's key and one of `suffixes`, and its suffix.

        Raises
        ------
        UserError
            It is there, and is no UTF-8 text or cannot be read.
        """
        entry = self.entries[index]
        for suffix in suffixes:
            content = self._beside(index, entry, suffix)
            if content is None:
                continue
            try:
                return content.decode("utf-8-sig"), suffix
            except UnicodeDecodeError:
                raise UserError(
                    f"The {suffix} of {entry.path} is not UTF-8 text; save it as UTF-8 and start again."
                ) from None
        return None

    def _beside(self, index: int, entry: ManifestEntry, suffix: str) -> bytes | None:
        if self.shard[index] < 0:
            path = entry.file(self.roots).with_suffix(suffix)
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None
            except OSError as error:
                raise UserError(f"{path} cannot be read ({error.strerror}); restore the file.") from None
        assert entry.member is not None
        shard = int(self.shard[index])
        span = self._texts(shard).get(member_key(entry.member[1]) + suffix)
        try:
            return None if span is None else self._open.read(self.shards[shard], *span)
        except OSError as error:
            raise UserError(f"{self.shards[shard]} cannot be read ({error.strerror}); restore the file.") from None

    def _texts(self, shard: int) -> dict[str, tuple[int, int]]:
        """Spans of a tar file's members by key and extension."""
        found = self._captions.get(shard)
        if found is None:
            table = index_shard(self.shards[shard], self._cache)
            names = (f"{member_key(name)}.{member_extension(name)}" for name in table.names)
            found = dict(zip(names, map(tuple, table.spans.tolist()), strict=True))
            self._captions = {shard: found}  # of one shard alone: entries come shard by shard
        return found

    def _find_members(self, tick: Tick) -> None:
        places: dict[tuple[str, str], list[int]] = {}
        for index, entry in enumerate(self.entries):
            if ".tar::" in entry.path and (member := entry.member) is not None:
                places.setdefault((entry.root, member[0]), []).append(index)
        for number, ((root, path), indices) in enumerate(sorted(places.items())):
            self.shards.append(Path(self.roots[root], path))
            table = index_shard(self.shards[-1], self._cache)
            by_name = table.by_name()
            self.shard[indices] = number
            for index in indices:
                member = self.entries[index].member
                place = None if member is None else by_name.get(member[1])
                self._spans[index] = (0, -1) if place is None else table.spans[place]
            tick(number + 1, len(places))


class _OpenFiles:
    """Reads spans of files, of which each thread keeps a few open for itself, so that no lock is needed."""

    def __init__(self) -> None:
        self._local = threading.local()

    def read(self, path: Path, offset: int, size: int) -> bytes:
        files: OrderedDict[Path, BinaryIO] | None = getattr(self._local, "files", None)
        if files is None:
            files = self._local.files = OrderedDict()
        if path not in files:
            files[path] = path.open("rb", buffering=0)
            if len(files) > OPEN_SHARDS:
                files.popitem(last=False)[1].close()
        files.move_to_end(path)
        files[path].seek(offset)
        parts = []
        while size > 0 and (part := files[path].read(size)):  # a mounted file system may hand over less than asked for
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _check_roots(roots: Mapping[str, str], entries: Sequence[ManifestEntry]) -> None:
    for root in sorted({entry.root for entry in entries}):
        if root not in roots:
            raise UserError(
                f"The manifest names image root {root}, which data.roots of spec.json does not; add it there."
            )
        if not os.path.isdir(roots[root]):  # noqa: PTH112  Path.is_dir raises where a folder above may not be entered
            raise UserError(
                f"The image folder {roots[root]} is not there; reconnect the disk, or correct data.roots in spec.json."
            )
