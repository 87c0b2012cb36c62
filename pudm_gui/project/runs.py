"""Freezing what was labeled into run folders that the engine can work on."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlite_utils import Database

from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from pudm_gui.project.roots import reachable
from training import runs as run_folders
from training.errors import UserError
from training.manifest import ManifestEntry, label_counts
from training.runs import RunFolder
from training.spec import RunSpec

_FOLDER = re.compile(r"(\d{4,})-.*")
_NEEDS_SENSITIVE = ("pu", "pnu", "supervised")


def create_run(project: Project, spec: RunSpec, *, name: str) -> RunFolder:
    """Write ``runs/0001-name/`` with `spec` and the images that can be read, each with its label as of now.

    Numbers are never used twice, also after a run was deleted.

    Raises
    ------
    UserError
        The labels do not suffice for the objective, an image folder cannot be reached, or the disk is full.
    """
    entries, folders = _frozen(project, spec)
    counts = label_counts(entries)
    _check_labels(spec, counts)
    spec = _complete(spec, name, folders)
    parent = project.path / "runs"
    with project.writing() as db:
        runs = Database(db, execute_plugins=False).table("runs")
        number = 1 + max([_last_number(db), *(_number(path) or 0 for path in _folders(parent))])
        folder = parent / f"{number:04d}-{_slug(name)}"
        runs.insert(
            {
                "id": number,
                "name": name,
                "folder": folder.name,
                "created": time.time(),
                "objective": spec.objective.kind,
                "beta": spec.objective.beta,
                **counts,
            }
        )
    try:
        return run_folders.create_run(folder, spec, entries)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        with project.writing() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (number,))
        raise


def list_runs(project: Project) -> list[RunFolder]:
    """The run folders that are there, newest first, also ones copied in from another machine."""
    numbered = [(_number(path), path) for path in _folders(project.path / "runs")]
    found = [(number, path) for number, path in numbered if number is not None and (path / "spec.json").is_file()]
    return [RunFolder(path) for _, path in sorted(found, reverse=True)]


def prior_folder(project: Project, spec: RunSpec) -> RunFolder:
    """Write ``prior/`` anew: the frozen images and labels that β is to be estimated from.

    Raises
    ------
    UserError
        As for `create_run`, or an estimate is under way.
    """
    run = RunFolder(project.path / "prior")
    if run.worker() is not None:
        raise UserError("The sensitive share is being estimated already; wait until that is done.")
    entries, folders = _frozen(project, spec)
    _check_labels(spec, label_counts(entries))
    if run.path.exists():
        shutil.rmtree(run.path)
    return run_folders.create_run(run.path, _complete(spec, "prior", folders), entries)


def freeze(project: Project, spec: RunSpec) -> tuple[RunSpec, list[ManifestEntry]]:
    """What a run with `spec` would be made of as of now; nothing is written.

    Raises
    ------
    UserError
        An image folder cannot be reached.
    """
    entries, folders = _frozen(project, spec)
    return _complete(spec, spec.name, folders), entries


def _frozen(project: Project, spec: RunSpec) -> tuple[list[ManifestEntry], dict[int, Path]]:
    """Every image without a problem, with its tags where these are its class, and the folders that they lie in."""
    rows = project.db.execute(
        """SELECT id, root_id, path, coalesce(label, 0), sha256 FROM images LEFT JOIN labels ON image_id = id
        WHERE problem IS NULL ORDER BY root_id, sort_key, id"""
    )
    words = {int(label): label.word for label in Label}
    tags = _tags(project) if spec.conditioning.source == "tag" else {}
    entries = [
        ManifestEntry(str(root_id), path, words[label], sha256, tags.get(id_, ()))
        for id_, root_id, path, label, sha256 in rows
    ]
    known = reachable(project, {int(entry.root) for entry in entries})
    return entries, {root.id: root.path for root in known}


def _tags(project: Project) -> dict[int, tuple[str, ...]]:
    """The tags of those images that have some, in the order in which the store shows them."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for id_, tag in project.db.execute("SELECT image_id, tag FROM tags ORDER BY image_id, tag"):
        found[id_].append(tag)
    return {id_: tuple(tags) for id_, tags in found.items()}


def _check_labels(spec: RunSpec, counts: Mapping[str, int]) -> None:
    if not sum(counts.values()):
        raise UserError("The project has no image that can be read; add a folder of images and scan it.")
    kind = spec.objective.kind
    if kind in _NEEDS_SENSITIVE and not counts["sensitive"]:
        raise UserError("No image is labeled sensitive yet; label at least one and start again.")
    if kind == "pnu" and not counts["normal"]:
        raise UserError(
            "No image is labeled normal yet, and the PNU objective learns from those; label at least one, or choose PU."
        )
    if not counts["unlabeled"] + counts["normal"]:
        raise UserError(
            "Every image is labeled sensitive, and training learns from others too; add images or clear labels."
        )


def _complete(spec: RunSpec, name: str, folders: Mapping[int, Path]) -> RunSpec:
    data = spec.data.model_copy(update={"roots": {str(id_): str(path) for id_, path in folders.items()}})
    return spec.model_copy(update={"name": name, "data": data})


def _last_number(db: sqlite3.Connection) -> int:
    """The highest number ever given, also to runs that are gone: AUTOINCREMENT remembers it."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'").fetchone()
    return row[0] if row else 0


def _folders(parent: Path) -> Sequence[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []


def _number(folder: Path) -> int | None:
    match = _FOLDER.fullmatch(folder.name)
    return int(match.group(1)) if match else None


def _slug(name: str) -> str:
    """`name` as part of a folder name that any system takes."""
    words: Iterable[str] = re.findall(r"[a-z0-9]+", name.lower())
    return "-".join(words)[:40].strip("-") or "run"
