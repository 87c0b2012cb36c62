"""Where an export may be written: never over an image, into a folder of images, or over the project's own files."""

from __future__ import annotations

import os
from pathlib import Path

from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots
from training.errors import UserError
from training.images import SUFFIXES

OWN_FOLDER = "exports"
"""Of a project's folder, the part that is made to be written to."""


def check_table(project: Project, path: Path) -> None:
    """Refuse what cannot be a table: a folder, an image, and the project's own files.

    Raises
    ------
    UserError
    """
    if path.is_dir() or not path.name:
        raise UserError(f"{path} is a folder; name a file such as labels.csv.")
    if path.suffix.lower() in SUFFIXES:
        raise UserError(f"{path} is the name of an image, and images are only read; name a file such as labels.csv.")
    _refuse_own_files(project, path)


def check_folder(project: Project, path: Path) -> None:
    """Refuse a folder that holds something, and any inside or around a folder of images or the project's own files.

    Raises
    ------
    UserError
    """
    target = path.resolve()
    for root in roots(project):
        images = root.path.resolve()
        if target.is_relative_to(images):
            raise UserError(f"{path} lies in the image folder {root.path}, which is only read; choose another place.")
        if images.is_relative_to(target):
            raise UserError(f"{path} holds the image folder {root.path}; choose a new folder beside it.")
    _refuse_own_files(project, path)
    if os.path.lexists(path) and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"{path} is there already and not empty; name a new folder.")


def _refuse_own_files(project: Project, path: Path) -> None:
    target, own = path.resolve(), project.path.resolve()
    if target.is_relative_to(own) and own / OWN_FOLDER not in target.parents:
        raise UserError(
            f"{path} lies in the project, whose files are its own; choose a place outside, or in its folder "
            f"{OWN_FOLDER}."
        )
