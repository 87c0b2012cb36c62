"""Files that are either whole or not there, also after a kill or a power cut."""

from __future__ import annotations

import errno
import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import psutil

from training.errors import UserError


def fsync_path(path: Path) -> None:
    """Flush one file or folder entry to the disk; a no-op for folders where the system cannot do it."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except PermissionError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write `data` to `path` by way of a neighbouring file and a rename.

    Raises
    ------
    UserError
        The disk is full. `path` keeps its former content.
    """
    payload = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    with _replacing(path) as temporary, temporary.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def atomic_text(path: Path) -> Iterator[TextIO]:
    """Yield a text file that becomes `path` when the block ends well, and vanishes when it does not: for texts that
    are longer than they should be in memory. Lines end as they are written.

    Raises
    ------
    UserError
        The disk is full. `path` keeps its former content.
    """
    with (
        _replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """The name of a neighbouring file that takes the place of `path` when the block ends well."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(error, path) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_path(path.parent)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` when the block ends well, and vanishes when it does not.

    An existing `path` is replaced, and gone only once the new one is complete. Raises ``UserError`` when the disk is
    full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    _delete_leftovers(path)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        for child in sorted(temporary.rglob("*")):
            fsync_path(child)
        fsync_path(temporary)
        _swap(temporary, path)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise disk_error(error, path) from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    fsync_path(path.parent)


def _swap(new: Path, path: Path) -> None:
    former = new.with_suffix(".old")
    if path.exists():
        path.rename(former)
    try:
        new.rename(path)
    except OSError:
        if former.exists():
            former.rename(path)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _delete_leftovers(path: Path) -> None:
    """Delete what killed processes, and earlier failures of this one, left of their tries to write `path`."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        pid = leftover.suffixes[-2].removeprefix(".")
        if pid == str(os.getpid()) or (pid.isdecimal() and not psutil.pid_exists(int(pid))):
            shutil.rmtree(leftover, ignore_errors=True)


def disk_error(error: OSError, path: Path) -> Exception:
    """Turn "no space left" into a sentence; any other `error` comes back unchanged."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            f"The disk is full, so {path.name} could not be written: free some space on the disk that holds "
            f"{path.parent} and go on; what was saved before is kept."
        )
    return error
