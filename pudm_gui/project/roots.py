"""The folders that a project takes its images from."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

from pudm_gui.project.model import Root
from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project
from training.errors import UserError

RECONNECT = "connect its disk or, if it has moved, run pudm scan PROJECT --moved OLD NEW."
"""What to do about a folder that cannot be reached."""


def add_root(project: Project, folder: Path) -> Root:
    """Take a folder of images into the project; its images appear with the next scan.

    A folder that is in the project already comes back as it is.

    Raises
    ------
    UserError
        `folder` is missing, cannot be listed, or overlaps one that the project has.
    """
    path = _usable(folder)
    for root in roots(project):
        if _same(root.path, path):
            return root
        _refuse_overlap(path, root)
    with project.writing() as db:
        id_ = db.execute("INSERT INTO roots (path) VALUES (CAST(? AS TEXT))", (encode(str(path)),)).lastrowid
    assert id_ is not None
    return Root(id_, path, available=True)


def roots(project: Project) -> list[Root]:
    """All folders, in the order in which they were added."""
    found = []
    for id_, text in project.db.execute("SELECT id, path FROM roots ORDER BY id"):
        path = Path(text)
        # Path.is_dir would raise where a folder above may not be entered, such as another user's mounted disk.
        found.append(Root(id_, path, available=os.path.isdir(path)))  # noqa: PTH112
    return found


def reachable(project: Project, used: Container[int]) -> list[Root]:
    """Those folders whose ids are in `used`.

    Raises
    ------
    UserError
        One of them cannot be reached.
    """
    known = [root for root in roots(project) if root.id in used]
    for root in known:
        if not root.available:
            raise UserError(f"The image folder {root.path} cannot be reached; {RECONNECT}")
    return known


def repoint(project: Project, root_id: int, folder: Path) -> None:
    """Say that the images of a root now lie under `folder`. Labels stay; the next scan looks there.

    Raises
    ------
    UserError
        As for `add_root`.
    """
    path = _usable(folder)
    known = roots(project)
    if root_id not in [root.id for root in known]:
        raise UserError(
            f"The project {project.name} has no image folder number {root_id}; list its folders and choose one."
        )
    for root in known:
        if root.id != root_id:
            _refuse_overlap(path, root)
    with project.writing() as db:
        db.execute("UPDATE roots SET path = CAST(? AS TEXT) WHERE id = ?", (encode(str(path)), root_id))


def _usable(folder: Path) -> Path:
    path = Path(folder).expanduser().absolute()
    if not path.is_dir():
        raise UserError(f"{path} is not a folder; choose the folder that holds the images.")
    try:
        next(path.iterdir(), None)
    except OSError as error:
        raise UserError(f"{path} cannot be listed ({error.strerror}); change its permissions.") from error
    try:
        str(path).encode()
    except UnicodeEncodeError:
        # Names inside may hold any bytes; the folder's own name is written into every run's settings, which are text.
        raise UserError(
            f"The name of the folder {str(path)!r} is not valid text; rename it and add it again."
        ) from None
    return path


def _refuse_overlap(path: Path, root: Root) -> None:
    mine, other = path.resolve(), root.path.resolve()
    if mine == other:
        raise UserError(f"{path} is already in the project; choose another folder.")
    if mine.is_relative_to(other):
        raise UserError(
            f"{path} lies inside {root.path}, which is already in the project; scan again to see its images."
        )
    if other.is_relative_to(mine):
        raise UserError(
            f"{path} contains {root.path}, which is already in the project; add its other folders one by one."
        )


def _same(one: Path, other: Path) -> bool:
    return one == other or one.resolve() == other.resolve()
