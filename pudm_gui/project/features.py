"""Image features of a project: which images have none yet, and the job that computes them.

``features/<encoder-id>/`` is the store of one encoder (`training.feature_store`), and ``job/`` in it the run folder of
the last job, which holds only images that the store does not have.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np

from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots
from training import runs as run_folders
from training.encoder_ids import WITH_SOURCE, encoder_id
from training.errors import UserError
from training.feature_store import JOB, Digests, FeatureStore, digest_rows, find_rows
from training.manifest import ManifestEntry
from training.runs import RunFolder
from training.spec import EncoderKind, FeaturesSpec, RunSpec, with_settings

_READABLE = "FROM images WHERE problem IS NULL AND state = 1 AND sha256 != ''"


def features_folder(project: Project) -> Path:
    return project.path / "features"


def missing_features(project: Project, encoder: str) -> int:
    """How many different images, of those that can be read, a job for `encoder` would bring features for.

    Parameters
    ----------
    encoder
        Its id, such as "imagenet" or "base-3f2a99c1"; of one that never had a job, all are missing.
    """
    store = _store(features_folder(project) / encoder)
    digests = _digests(project)
    if store is None:
        return len(digests)
    there = np.concatenate([store.digests, store.damaged_digests])
    return int(np.count_nonzero(find_rows(digests, there) < 0))


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
    entries, folders = _missing_entries(project, _store(run.path.parent))
    spec = RunSpec(name=identity, features=features)
    spec = with_settings(spec, {"device": device, "data.roots": folders})
    if run.path.exists():
        shutil.rmtree(run.path)
    run.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return run_folders.create_run(run.path, spec, entries)


def _features(project: Project, encoder: str, model: Path | None, config: Path | None) -> FeaturesSpec:
    kind, _, suffix = encoder.partition("-")
    if kind not in get_args(EncoderKind) or (suffix and kind not in WITH_SOURCE):
        raise UserError(
            f"There is no encoder {encoder}; choose one of {', '.join(get_args(EncoderKind))}, or the folder of one."
        )
    if kind not in WITH_SOURCE:
        return FeaturesSpec(encoder=_kind(kind))
    if model is not None:
        paths = {"source": str(model.absolute()), "config": str(config.absolute()) if config is not None else ""}
        return FeaturesSpec(encoder=_kind(kind), **paths)
    job = RunFolder(features_folder(project) / encoder / JOB)
    if suffix and job.spec_file.is_file():
        return job.spec().features
    what = "the model that is fine-tuned, with --from" if kind == "base" else "its folder"
    raise UserError(f"The encoder {encoder} needs a model; name {what}.")


def _kind(text: str) -> Any:
    return text  # checked by the caller against EncoderKind, and by pydantic again


def _missing_entries(project: Project, store: FeatureStore | None) -> tuple[list[ManifestEntry], dict[str, str]]:
    """Readable images that `store` has not seen, one for each content, and the folders that they lie in."""
    rows = project.db.execute(f"SELECT root_id, path, sha256 {_READABLE} ORDER BY root_id, sort_key, id").fetchall()
    if not rows:
        raise UserError("The project has no image that can be read; add a folder of images and scan it.")
    digests = digest_rows([sha256 for _, _, sha256 in rows])
    _, first = np.unique(digests, axis=0, return_index=True)
    if store is not None:
        first = first[find_rows(digests[first], store.seen_digests) < 0]
    chosen = [rows[index] for index in np.sort(first).tolist()]
    used = {root_id for root_id, _, _ in chosen}
    known = [root for root in roots(project) if root.id in used]
    for root in known:
        if not root.available:
            raise UserError(
                f"The image folder {root.path} cannot be reached; connect its disk "
                "or, if it has moved, run pudm scan PROJECT --moved OLD NEW."
            )
    entries = [ManifestEntry(str(root_id), path, "unlabeled", sha256) for root_id, path, sha256 in chosen]
    return entries, {str(root.id): str(root.path) for root in known}


def _digests(project: Project) -> Digests:
    """Of all readable images, each content once."""

    def parts() -> Iterator[Digests]:
        cursor = project.db.execute(f"SELECT DISTINCT sha256 {_READABLE}")
        while rows := cursor.fetchmany(100_000):
            yield digest_rows([row[0] for row in rows])

    return np.concatenate([np.empty((0, 32), np.uint8), *parts()])


def _store(folder: Path) -> FeatureStore | None:
    """None where there is none, or one that the next job makes anew."""
    try:
        return FeatureStore.open(folder)
    except UserError:
        return None
