"""Small projects to test the store with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pudm_gui.project.history import next_redone, next_undone
from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.model import Ids
from pudm_gui.project.project import DATABASE, Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import scan
from pudm_gui.project.tags import clean, tag_images


def write_image(path: Path, seed: int = 0) -> Path:
    """A small PNG whose content depends on `seed`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, format="PNG")
    return path


def make_unreadable(project: Project, image_id: int) -> None:
    """As though a scan had found out that the file is damaged."""
    with project.writing() as db:
        db.execute("UPDATE images SET problem = 'The file is damaged.' WHERE id = ?", (int(image_id),))


def can_undo(project: Project) -> bool:
    return next_undone(project) is not None


def can_redo(project: Project) -> bool:
    return next_redone(project) is not None


def set_tags(project: Project, image_id: int, tags: Iterable[str]) -> None:
    """Give an image these tags and no others."""
    [row] = image_rows(project, [image_id])
    had, wanted = set(row.tags), set(clean(tags))
    tag_images(project, np.array([image_id]), added=wanted - had, removed=had - wanted)


def project_of_format(number: int, folder: Path) -> Path:
    """A project folder with a database of an earlier format."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(Path(__file__).with_name(f"schema_v{number}.sql").read_text("utf-8"))
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of ten images, ``img1.png`` to ``img10.png``, all different."""
    folder = tmp_path / "pictures"
    for number in range(1, 11):
        write_image(folder / f"img{number}.png", seed=number)
    return folder


@pytest.fixture
def make_project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """``make_project(folder, …)``: a project of these folders, scanned; closed after the test."""
    projects: list[Project] = []

    def make(*folders: Path, name: str = "test.pudm") -> Project:
        project = Project.create(tmp_path / name, annotator="ann")
        projects.append(project)
        for folder in folders:
            add_root(project, folder)
        if folders:
            scan(project)
        return project

    yield make
    for project in projects:
        project.close()


@pytest.fixture
def project(make_project: Callable[..., Project], pictures: Path) -> Project:
    """A project of the ten images of `pictures`."""
    return make_project(pictures)


@pytest.fixture
def ids(project: Project) -> Ids:
    """The ids of the ten images, in natural order."""
    return image_ids(project)
