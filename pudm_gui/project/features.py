"""Image features of a project: which images have none yet, and the job that computes them.

``features/<encoder-id>/`` is the store of one encoder (`training.feature_store`), and ``job/`` in it the run folder of
the last job, which holds only images that the store does not have.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import compress
from pathlib import Path
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Ids
from pudm_gui.project.project import Project
from pudm_gui.project.roots import reachable
from training import runs as run_folders
from training.digests import Digests, digest_rows, find_rows, first_rows
from training.encoder_ids import WITH_SOURCE, encoder_id
from training.errors import UserError
from training.feature_store import JOB, FeatureStore
from training.manifest import ManifestEntry
from training.runs import RunFolder
from training.spec import EncoderKind, FeaturesSpec, RunSpec, with_settings

_READABLE = "FROM images WHERE problem IS NULL AND state = 1 AND length(sha256) = 64"
IMAGES_AT_ONCE = 50_000
"""SQLite writes the ids and digests of so many to one text, 3.5 MB."""


def features_folder(project: Project) -> Path:
    return project.path / "features"


def missing_features(project: Project, encoder: str) -> int:
    """How many different images, of those that can be read, a job for `encoder` would bring features for.

    Parameters
    ----------
    encoder
        Its id, such as "imagenet" or "base-3f2a99c1"; of one that never had a job, all are missing.
    """
    digests = _digests(project.db)
    store = _store(features_folder(project) / encoder)
    if store is None:
        return len(first_rows(digests))
    there = np.concatenate([store.digests, store.damaged_digests])
    return len(first_rows(digests[find_rows(digests, there) < 0]))


def features_job(
    project: Project,
    encoder: str,
    model_folder: Path | None = None,
    device: str = "auto",
    config: Path | None = None,
) -> RunFolder:
    """Write the run folder of a job that computes what is missing. Labels are not part of it.

    Parameters
    ----------
    encoder
        One of `EncoderKind`, or the id of an encoder that had a job before.
    model_folder
        Only for "base" and "folder": the model. For an id it may be left out, and is that of the last job.
    config
        Only for a single-file base model: a folder with the configuration of its kind of model.

    Raises
    ------
    UserError
        There is no such encoder, its model or an image folder cannot be reached, no image can be read, or a job for
        this encoder is under way.
    """
    features = _features(project, encoder, model_folder, config)
    identity = encoder_id(features)
    run = RunFolder(features_folder(project) / identity / JOB)
    if run.worker() is not None:
        raise UserError("This encoder looks at the images already; wait until that is done, or stop it first.")
    store = _store(run.path.parent)
    with _snapshot(project) as db:
        new = _new_images(_digests(db), store)
        used = {root_id for (root_id,) in compress(db.execute(f"SELECT root_id {_READABLE} ORDER BY id"), new)}
        folders = {str(root.id): str(root.path) for root in reachable(project, used)}
        spec = with_settings(RunSpec(name=identity, features=features), {"device": device, "data.roots": folders})
        if run.path.exists():
            shutil.rmtree(run.path)
        run.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return run_folders.create_run(run.path, spec, _entries(db, new))


def _features(project: Project, encoder: str, model: Path | None, config: Path | None) -> FeaturesSpec:
    kind, _, suffix = encoder.partition("-")
    if kind not in get_args(EncoderKind) or (suffix and kind not in WITH_SOURCE):
        raise UserError(
            f"There is no encoder {encoder}; choose one of {', '.join(get_args(EncoderKind))}, or the folder of one."
        )
    known = cast(EncoderKind, kind)
    if known not in WITH_SOURCE:
        return FeaturesSpec(encoder=known)
    if model is not None:
        paths = {"source": str(model.absolute()), "config": str(config.absolute()) if config is not None else ""}
        return FeaturesSpec(encoder=known, **paths)
    job = RunFolder(features_folder(project) / encoder / JOB)
    if suffix and job.spec_file.is_file():
        return job.spec().features
    what = "the model that is fine-tuned, with --from" if kind == "base" else "its folder"
    raise UserError(f"The encoder {encoder} needs a model; name {what}.")


@contextmanager
def _snapshot(project: Project) -> Iterator[sqlite3.Connection]:
    """A connection on which the images stay as they are, whoever scans meanwhile."""
    with closing(project.connect()) as db:
        db.execute("BEGIN")
        yield db
        db.execute("ROLLBACK")


def readable_images(db: sqlite3.Connection) -> Iterator[tuple[Ids, Digests]]:
    """Ids and digests of the readable images, in order of their ids.

    SQLite joins them to text without Python's lock, so the window is not held up.
    """
    last = 0
    while True:
        ids, digests, last_id = db.execute(
            f"""SELECT group_concat(id), group_concat(sha256, ''), max(id) FROM (
                SELECT id, sha256 {_READABLE} AND id > ? ORDER BY id LIMIT ?
            )""",
            (last, IMAGES_AT_ONCE),
        ).fetchone()
        if ids is None:
            return
        yield np.fromstring(ids, np.int64, sep=","), digest_rows([digests])
        last = last_id


def _digests(db: sqlite3.Connection) -> Digests:
    """``(N, 32)`` of the readable images, by id."""
    return np.concatenate([np.empty((0, 32), np.uint8), *(digests for _, digests in readable_images(db))])


def _new_images(digests: Digests, store: FeatureStore | None) -> NDArray[np.bool_]:
    """``(N,)``: which readable images, one for each content, `store` has not seen."""
    if not len(digests):
        raise UserError("The project has no image that can be read; add a folder of images and scan it.")
    new = np.zeros(len(digests), bool)
    new[first_rows(digests)] = True
    if store is not None:
        new &= find_rows(digests, store.seen_digests) < 0
    return new


def _entries(db: sqlite3.Connection, new: NDArray[np.bool_]) -> Iterator[ManifestEntry]:
    for root_id, path, sha256 in compress(db.execute(f"SELECT root_id, path, sha256 {_READABLE} ORDER BY id"), new):
        yield ManifestEntry(str(root_id), path, "unlabeled", sha256)


def _store(folder: Path) -> FeatureStore | None:
    """None where there is none, or one that the next job makes anew."""
    try:
        return FeatureStore.open(folder)
    except UserError:
        return None
