"""Feature jobs of a project: each content once, only what is missing, and told in a sentence where it cannot be."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import psutil
import pytest

from pudm_gui.project.features import features_job, missing_features
from pudm_gui.project.model import Ids
from pudm_gui.project.project import Project
from pudm_gui.project.scan import scan
from tests.pudm_gui.project.conftest import make_unreadable, write_image
from training.digests import digest_rows
from training.errors import UserError
from training.feature_store import CLUSTERS, MAP, REDUCED, StoreInfo
from training.feature_writer import FeatureWriter
from training.manifest import read_manifest
from training.runs import RunFolder


def looked_at(project: Project, run: RunFolder, count: int | None = None, derived: bool = True) -> None:
    """Do what the engine does with the first `count` images of a job."""
    entries = read_manifest(run.manifest_file)[:count]
    digests = digest_rows([entry.sha256 for entry in entries])
    with FeatureWriter(run.path.parent, StoreInfo(run.path.parent.name, "Pixels", 4, "")) as writer:
        writer.append(digests, np.ones((len(digests), 4)), np.zeros(len(digests), np.uint64))
        writer.commit()
        if derived:
            rows = writer.info.rows
            with writer.deriving(2) as folder:
                np.zeros((rows, 2), np.float16).tofile(folder / REDUCED)
                np.zeros((rows, 2), np.float32).tofile(folder / MAP)
                np.zeros(rows, np.int32).tofile(folder / CLUSTERS)


def test_a_job_has_every_readable_image_once(project: Project, ids: Ids, pictures: Path) -> None:
    shutil.copy(pictures / "img3.png", pictures / "copy of img3.png")
    scan(project)
    make_unreadable(project, ids[9])
    assert missing_features(project, "pixels") == 9
    run = features_job(project, "pixels", device="cpu")
    assert run.path == project.path / "features" / "pixels" / "job"
    entries = read_manifest(run.manifest_file)
    roots = run.spec().data.roots
    assert {entry.sha256 for entry in entries} == {
        sha256((pictures / f"img{number}.png").read_bytes()).hexdigest() for number in range(1, 10)
    }
    assert len(entries) == 9
    assert all(entry.file(roots).is_file() for entry in entries)
    assert run.spec().features.encoder == "pixels"
    assert run.spec().device == "cpu"


def test_a_second_job_has_only_what_is_new(project: Project, pictures: Path) -> None:
    looked_at(project, features_job(project, "pixels"))
    assert missing_features(project, "pixels") == 0
    (pictures / "img1.png").rename(pictures / "renamed.png")
    write_image(pictures / "new.png", seed=77)
    scan(project)
    assert missing_features(project, "pixels") == 1
    (entry,) = read_manifest(features_job(project, "pixels").manifest_file)
    assert entry.path == "new.png"


def test_what_a_killed_job_left_is_not_computed_again_but_is_still_missing(project: Project) -> None:
    looked_at(project, features_job(project, "pixels"), count=4, derived=False)
    assert missing_features(project, "pixels") == 10
    assert len(read_manifest(features_job(project, "pixels").manifest_file)) == 6


def test_damaged_images_are_not_tried_again(project: Project) -> None:
    run = features_job(project, "pixels")
    (first, *_) = read_manifest(run.manifest_file)
    looked_at(project, run, count=0)
    with FeatureWriter(run.path.parent, StoreInfo("pixels", "Pixels", 4, "")) as writer:
        writer.note_damaged(digest_rows([first.sha256]))
        writer.commit()
    assert missing_features(project, "pixels") == 9
    assert len(read_manifest(features_job(project, "pixels").manifest_file)) == 9


def test_an_encoder_with_a_model_is_named_by_its_weights(project: Project, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_bytes(b"weights")
    run = features_job(project, "folder", model)
    identity = run.path.parent.name
    assert identity.startswith("folder-")
    assert run.spec().features.source == str(model)
    again = features_job(project, identity)  # by its id, without naming the model again
    assert again.spec().features.source == str(model)
    (model / "model.safetensors").write_bytes(b"Weights")
    assert features_job(project, "folder", model).path.parent.name != identity


@pytest.mark.parametrize(
    ("encoder", "sentence"),
    [
        ("no-such", "There is no encoder no-such"),
        ("imagenet-1234", "There is no encoder"),
        ("base", "needs a model"),
        ("folder-12345678", "needs a model"),
    ],
)
def test_an_encoder_that_is_none_is_told_in_a_sentence(project: Project, encoder: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        features_job(project, encoder)
    assert not list((project.path / "features").iterdir())


def test_a_project_without_images_has_nothing_to_look_at(make_project: Callable[..., Project]) -> None:
    project = make_project()
    assert missing_features(project, "imagenet") == 0
    with pytest.raises(UserError, match="no image that can be read"):
        features_job(project, "imagenet")


def test_a_folder_that_is_away_is_told_in_a_sentence(project: Project, pictures: Path) -> None:
    pictures.rename(pictures.with_name("away"))
    with pytest.raises(UserError, match="cannot be reached"):
        features_job(project, "imagenet")


def test_a_job_under_way_is_left_alone(project: Project) -> None:
    run = features_job(project, "imagenet")
    me = {"pid": os.getpid(), "started": psutil.Process().create_time()}
    run.process_file.write_text(json.dumps(me))
    with pytest.raises(UserError, match="already"):
        features_job(project, "imagenet")
    assert run.spec_file.is_file()


def test_a_damaged_store_counts_as_none(project: Project) -> None:
    looked_at(project, features_job(project, "pixels"))
    (project.path / "features" / "pixels" / "features.f16").unlink()
    assert missing_features(project, "pixels") == 10
    assert len(read_manifest(features_job(project, "pixels").manifest_file)) == 10


def test_a_project_that_is_open_elsewhere_can_have_its_features_computed(project: Project) -> None:
    with Project.open(project.path, read_only=True) as reader:
        assert len(read_manifest(features_job(reader, "pixels").manifest_file)) == 10
