from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pudm_gui.project.images import image_ids
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots
from pudm_gui.project.runs import create_run, list_runs, prior_folder
from tests.pudm_gui.project.conftest import make_unreadable, set_tags, write_image
from training.errors import UserError
from training.manifest import label_counts, read_manifest
from training.runs import RunFolder
from training.spec import ObjectiveSpec, RunSpec, with_settings


def spec(kind: str = "pu") -> RunSpec:
    return RunSpec(objective=ObjectiveSpec(kind=kind))  # type: ignore[arg-type]


def test_run_freezes_readable_images_with_their_labels(project: Project, ids: Ids, pictures: Path) -> None:
    set_label(project, ids[:2], Label.SENSITIVE)
    set_label(project, ids[2:3], Label.NORMAL)
    make_unreadable(project, ids[9])
    run = create_run(project, spec(), name="First try!")
    set_label(project, ids, Label.NORMAL)
    assert run.path == project.path / "runs" / "0001-first-try"
    entries = read_manifest(run.manifest_file)
    assert [(entry.path, entry.label) for entry in entries] == [
        ("img1.png", "sensitive"),
        ("img2.png", "sensitive"),
        ("img3.png", "normal"),
        *((f"img{n}.png", "unlabeled") for n in range(4, 10)),
    ]
    frozen = run.spec()
    assert frozen.name == "First try!"
    assert frozen.data.roots == {str(roots(project)[0].id): str(pictures)}
    assert all(entry.file(frozen.data.roots).is_file() and len(entry.sha256) == 64 for entry in entries)


def test_labeled_normals_suffice_as_what_is_not_sensitive(project: Project, ids: Ids) -> None:
    set_label(project, ids, Label.NORMAL)
    set_label(project, ids[:2], Label.SENSITIVE)
    run = create_run(project, spec(), name="run")
    assert label_counts(read_manifest(run.manifest_file)) == {"unlabeled": 0, "sensitive": 2, "normal": 8}


def test_tags_reach_the_manifest_where_they_are_the_classes(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    set_tags(project, int(ids[1]), ["dog", "a cat"])
    set_tags(project, int(ids[4]), ["ж"])
    by_tag = with_settings(spec(), {"conditioning.source": "tag"})
    tags = [entry.tags for entry in read_manifest(create_run(project, by_tag, name="tag").manifest_file)]
    assert tags == [(), ("a cat", "dog"), (), (), ("ж",), (), (), (), (), ()]
    assert not any(entry.tags for entry in read_manifest(create_run(project, spec(), name="run").manifest_file))


def test_image_without_a_known_hash_is_taken(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    with project.writing() as db:
        db.execute("UPDATE images SET sha256 = '', state = 0 WHERE id = ?", (int(ids[5]),))
    run = create_run(project, spec(), name="run")
    assert read_manifest(run.manifest_file)[5].sha256 == ""


def test_non_utf8_names_reach_the_manifest(make_project: Callable[..., Project], tmp_path: Path) -> None:
    try:
        write_image(tmp_path / "odd" / os.fsdecode(b"caf\xe9.png"), seed=1)
    except OSError:
        pytest.skip("This file system has no such names.")
    write_image(tmp_path / "odd" / "plain.png", seed=2)
    project = make_project(tmp_path / "odd")
    set_label(project, image_ids(project)[:1], Label.SENSITIVE)
    run = create_run(project, spec(), name="run")
    assert all(entry.file(run.spec().data.roots).is_file() for entry in read_manifest(run.manifest_file))


def test_numbers_are_never_used_twice(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    first, second = (create_run(project, spec(), name=name) for name in ("a", "b"))
    assert [run.path.name for run in list_runs(project)] == ["0002-b", "0001-a"]
    shutil.rmtree(second.path)
    third = create_run(project, spec(), name="c")
    assert third.path.name == "0003-c"
    shutil.copytree(first.path, project.path / "runs" / "0010-from-the-cluster")
    assert create_run(project, spec(), name="ü").path.name == "0011-run"
    assert [run.path.name for run in list_runs(project)] == ["0011-run", "0010-from-the-cluster", "0003-c", "0001-a"]


def test_runs_are_in_the_database_too(project: Project, ids: Ids) -> None:
    set_label(project, ids[:3], Label.SENSITIVE)
    create_run(project, spec(), name="a")
    row = project.db.execute("SELECT name, folder, objective, beta, unlabeled, sensitive, normal FROM runs").fetchone()
    assert row == ("a", "0001-a", "pu", RunSpec().objective.beta, 7, 3, 0)


@pytest.mark.parametrize("kind", ["pu", "pnu", "supervised"])
def test_no_sensitive_image_is_told(project: Project, kind: str) -> None:
    with pytest.raises(UserError, match="No image is labeled sensitive yet"):
        create_run(project, spec(kind), name="run")
    assert list_runs(project) == []


def test_what_else_labels_lack_is_told(project: Project, ids: Ids, make_project: Callable[..., Project]) -> None:
    create_run(project, spec("unsupervised"), name="run")
    set_label(project, ids[:1], Label.SENSITIVE)
    with pytest.raises(UserError, match="No image is labeled normal yet"):
        create_run(project, spec("pnu"), name="run")
    set_label(project, ids, Label.SENSITIVE)
    with pytest.raises(UserError, match="Every image is labeled sensitive"):
        create_run(project, spec(), name="run")
    with pytest.raises(UserError, match="no image that can be read"):
        create_run(make_project(name="empty.pudm"), spec(), name="run")


def test_sensitive_images_that_cannot_be_read_do_not_count(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    make_unreadable(project, ids[0])
    with pytest.raises(UserError, match="sensitive"):
        create_run(project, spec(), name="run")


def test_unreachable_folder_is_told(project: Project, ids: Ids, pictures: Path) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    pictures.rename(pictures.with_name("away"))
    with pytest.raises(UserError, match="cannot be reached"):
        create_run(project, spec(), name="run")


def test_failed_run_leaves_nothing(project: Project, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)

    def full(folder: Path, *_: object) -> RunFolder:
        folder.mkdir()
        raise UserError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr("training.runs.create_run", full)
        with pytest.raises(UserError, match="full"):
            create_run(project, spec(), name="run")
    assert list((project.path / "runs").iterdir()) == []
    assert project.db.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_prior_folder_is_written_anew_but_not_under_a_running_estimate(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    run = prior_folder(project, spec())
    run.events_file.write_text("{}\n")
    set_label(project, ids[:2], Label.SENSITIVE)
    run = prior_folder(project, spec())
    assert run.path == project.path / "prior" and not run.events_file.exists()
    assert sum(entry.label == "sensitive" for entry in read_manifest(run.manifest_file)) == 2
    me = {"pid": os.getpid(), "started": psutil.Process().create_time()}
    run.process_file.write_text(json.dumps(me))
    with pytest.raises(UserError, match="being estimated already"):
        prior_folder(project, spec())
