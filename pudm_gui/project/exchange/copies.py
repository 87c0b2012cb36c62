"""Writing folders: images by label, or text files with their tags. Never into a folder of images."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pudm_gui.project.exchange.places import leaves
from pudm_gui.project.exchange.record import Exported
from pudm_gui.project.exchange.sidecars import SUFFIX, join_tags
from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project
from training.errors import UserError

Copying = Literal["copy", "hardlink", "symlink"]


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """An empty folder that becomes `path` when the block ends well, and vanishes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if hasattr(os, "sync"):
            os.sync()  # once for all files
        if path.is_dir():
            path.rmdir()
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_images(rows: Iterable[Exported], folder: Path, copying: Copying) -> int:
    """Put the images into a subfolder for each label, under their own paths; the number of those that were there."""
    put = _PUT[copying]
    written = 0
    for row in rows:
        source = row.root / row.relative
        place = folder / row.label.word / row.relative
        # A project from a stranger may hold any path; an absolute one would take the place of the folder.
        if leaves(row.relative) or not place.is_relative_to(folder) or not source.is_file():
            continue
        target = _free(place)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            put(source, target)
        except OSError as error:
            if copying == "copy":
                raise
            reason = f"({error.strerror or error})"
            raise UserError(f"{source} cannot be linked from there {reason}; export copies instead.") from error
        written += 1
    return written


def write_tags(project: Project, rows: Iterable[Exported], folder: Path) -> int:
    """Write the tags of each image into a text file with its path; the number of files.

    Raises
    ------
    UserError
        Two images would have the same file: their folders have the same name, and so have they.
    """
    written = 0
    for row in rows:
        if leaves(row.relative) or not (folder / row.relative).is_relative_to(folder) or not row.tags:
            continue
        relative = f"{row.root.name}/{row.relative}" if row.ambiguous else row.relative
        stem, _ = os.path.splitext(relative)  # noqa: PTH122 - with_suffix would take "a." for "a"
        name = relative if _shares_its_stem(project, row) else stem
        target = folder / f"{name}{SUFFIX}"
        if target.exists():
            raise UserError(
                f"{row.root / row.relative} and an image of another folder would both have their tags in "
                f"{name}{SUFFIX}; export a table instead."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(join_tags(row.tags), "utf-8", "surrogateescape", newline="")
        written += 1
    return written


def _shares_its_stem(project: Project, row: Exported) -> bool:
    """Whether a text file without the ending of the image's name would speak of other images too."""
    stem = encode(os.path.splitext(row.relative)[0])  # noqa: PTH122
    others = project.db.execute(
        """SELECT count(*) FROM (SELECT 1 FROM roots CROSS JOIN images ON root_id = roots.id
        AND images.path > CAST(:stem || x'2E' AS TEXT) AND images.path < CAST(:stem || x'2F' AS TEXT)
        WHERE roots.id = (SELECT root_id FROM images WHERE id = :id) OR NOT :ambiguous LIMIT 2)""",
        {"id": row.id, "stem": stem, "ambiguous": row.ambiguous},
    ).fetchone()[0]
    return others > 1


def _free(path: Path) -> Path:
    """`path`, or a name like it that is not taken."""
    number, free = 2, path
    while os.path.lexists(free):
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


_PUT: dict[Copying, Callable[[Path, Path], object]] = {
    "copy": shutil.copy2,
    "hardlink": lambda source, target: os.link(source.resolve(), target),
    "symlink": lambda source, target: target.symlink_to(source.absolute()),
}
