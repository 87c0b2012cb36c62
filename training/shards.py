"""Corpora in WebDataset layout: tar files whose members belong together by key (``0001.jpg``, ``0001.txt``).

A run trains from such a corpus once its manifest lists the members::

    entries = manifest_from_shards("1", Path("/mnt/corpus"), {"0001": "sensitive", "0007": "normal"})
    spec = with_settings(RunSpec(), {"data.roots": {"1": "/mnt/corpus"}, "data.cache": "none"})
    create_run(Path("/data/faces-run"), spec, entries)

The tar files are neither unpacked nor written to; they may lie on a mounted file system. They must not be compressed,
for members are read from where they lie.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from training.atomic import write_atomic
from training.errors import UserError
from training.images import SUFFIXES
from training.manifest import Label, ManifestEntry


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """Where the members of one tar file lie.

    Attributes
    ----------
    names
        ``(M,)`` names of the regular files in it, in order.
    spans
        ``(M, 2)`` int64: first byte and number of bytes of each.
    """

    names: list[str]
    spans: NDArray[np.int64]

    def by_name(self) -> dict[str, int]:
        """Place of each member; of several of one name the last counts, as when unpacking."""
        return {name: place for place, name in enumerate(self.names)}


def member_key(name: str) -> str:
    """What members of one sample share: the name up to the first dot of its last part."""
    path = PurePosixPath(name)
    first = path.name.split(".", 1)[0]
    return (path.parent / first).as_posix() if first else name


def member_extension(name: str) -> str:
    """What follows the first dot of its last part, in small letters: ``txt`` of ``0001.txt``."""
    return PurePosixPath(name).name.partition(".")[2].lower()


def index_shard(shard: Path, cache: Path | None = None) -> ShardIndex:
    """Read a tar file's table of contents.

    Parameters
    ----------
    shard
        The tar file.
    cache
        Folder to keep the table in, so that the next process finds it there; read anew once `shard` has changed.

    Raises
    ------
    UserError
        There is no such file, or it is damaged, compressed or no tar file; or the disk of `cache` is full.
    """
    try:
        status = shard.stat()
    except OSError as error:
        raise UserError(f"{shard} cannot be read ({error.strerror}); restore the file.") from None
    if cache is None:
        return _read_index(shard)
    key = sha256(repr((str(shard), status.st_size, status.st_mtime_ns)).encode("utf-8", "surrogateescape"))
    kept = cache / f"{key.hexdigest()[:16]}.npz"
    try:
        with np.load(kept) as arrays:
            names = arrays["names"].tobytes().decode("utf-8", "surrogateescape")
            return ShardIndex(names.split("\0") if names else [], arrays["spans"])
    except FileNotFoundError:
        index = _read_index(shard)
    cache.mkdir(parents=True, exist_ok=True)
    packed, content = "\0".join(index.names).encode("utf-8", "surrogateescape"), BytesIO()
    np.savez(content, names=np.frombuffer(packed, np.uint8), spans=index.spans)
    write_atomic(kept, content.getvalue())
    return index


def index_shards(folder: Path, root: str = "1", cache: Path | None = None) -> list[ManifestEntry]:
    """Every image in the tar files under `folder`, unlabeled, shard by shard in the order of their names.

    Raises
    ------
    UserError
        As for `index_shard`, or `folder` has no tar files, or these no images.
    """
    shards = sorted(folder.rglob("*.tar"))
    if not shards:
        raise UserError(f"{folder} has no .tar files; name the folder that the shards lie in.")
    entries = [
        ManifestEntry(root, f"{shard.relative_to(folder).as_posix()}::{name}", "unlabeled", "")
        for shard in shards
        for name in _images(index_shard(shard, cache).names)
    ]
    if not entries:
        raise UserError(f"The .tar files of {folder} hold no images; name another folder.")
    return entries


def manifest_from_shards(
    root_id: str, folder: Path, labels: Mapping[str, Label], cache: Path | None = None
) -> list[ManifestEntry]:
    """The manifest of a corpus in tar files.

    Parameters
    ----------
    root_id
        Id of `folder` in the spec's ``data.roots``.
    folder
        Holds the tar files, in subfolders or not.
    labels
        Label by key (``0001`` for ``0001.jpg``) or, where several shards have that key, by shard and key
        (``shard-000.tar::0001``). Images that are not named are unlabeled.
    cache
        As for `index_shard`.

    Raises
    ------
    UserError
        As for `index_shards`, or a key is in no shard or in several.
    """
    entries = index_shards(folder, root_id, cache)
    whole = [_whole_key(entry) for entry in entries]
    short = [key.partition(".tar::")[2] for key in whole]
    times = Counter(short)
    known = times.keys() | set(whole)
    missing = [key for key in labels if key not in known]
    if missing:
        raise UserError(
            f"{len(missing)} labels are of images that no .tar file of {folder} holds, the first of them {missing[0]}; "
            "name each by its member's name up to the first dot."
        )
    repeated = [key for key in labels if times[key] > 1]
    if repeated:
        example = next(full for full, key in zip(whole, short, strict=True) if key == repeated[0])
        raise UserError(
            f"The labeled key {repeated[0]} is in {times[repeated[0]]} places; name the shard too, such as {example}."
        )
    found = (labels.get(full, labels.get(key, "unlabeled")) for full, key in zip(whole, short, strict=True))
    return [ManifestEntry(entry.root, entry.path, label, "") for entry, label in zip(entries, found, strict=True)]


def _images(names: Iterable[str]) -> Iterator[str]:
    # Each once, though a tar file may hold several of one name, of which the last counts. What macOS adds of its own to
    # each file begins with a dot.
    paths = ((name, PurePosixPath(name)) for name in dict.fromkeys(names))
    return (name for name, path in paths if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))


def _whole_key(entry: ManifestEntry) -> str:
    assert entry.member is not None
    shard, name = entry.member
    return f"{shard}::{member_key(name)}"


def _read_index(shard: Path) -> ShardIndex:
    names, spans = [], []
    try:
        with tarfile.open(shard, "r:") as tar:
            for member in tar:
                if member.isreg() and not member.issparse():
                    names.append(member.name.removeprefix("./"))
                    spans.append((member.offset_data, member.size))
    except (tarfile.TarError, EOFError) as error:
        raise UserError(
            f"{shard} is damaged, compressed or no tar file ({error}); restore it, or write it without compression."
        ) from None
    except OSError as error:
        raise UserError(f"{shard} cannot be read ({error.strerror or error}); restore the file.") from None
    return ShardIndex(names, np.array(spans, dtype=np.int64).reshape(-1, 2))
