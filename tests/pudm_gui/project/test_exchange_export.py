"""Exporting in every format, and that what was exported comes back the same."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pudm_gui.project.exchange.csv_table import join_tags, split_tags
from pudm_gui.project.exchange.exporting import export, export_labels
from pudm_gui.project.exchange.formats import Format
from pudm_gui.project.exchange.importing import import_labels
from pudm_gui.project.exchange.matching import CancelledError
from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.tags import clean
from tests.pudm_gui.project.conftest import set_tags, write_image
from training.errors import UserError

S, N, U = Label.SENSITIVE, Label.NORMAL, Label.UNLABELED


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


@pytest.fixture
def labeled(project: Project, ids: Ids) -> Project:
    """Two sensitive images, one of them tagged, a normal one, and a tag on an unlabeled one."""
    set_label(project, ids[:2], S)
    set_label(project, ids[2:3], N, source="audit")
    set_tags(project, int(ids[0]), ["face", "a,b; \\c"])
    set_tags(project, int(ids[3]), ["=1+1"])
    return project


def test_a_table_tells_all_that_is_known(labeled: Project, tmp_path: Path) -> None:
    assert export_labels(labeled, tmp_path / "a.csv") == 4
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    assert list(first) == ["path", "label", "tags", "sha256", "source", "annotator", "when"]
    assert (first["path"], first["label"], first["source"], first["annotator"]) == (
        "img1.png",
        "sensitive",
        "hand",
        "ann",
    )
    assert len(first["sha256"]) == 64 and first["when"].endswith("+00:00")
    assert [row["source"] for row in rows] == ["hand", "hand", "audit", ""]
    assert (rows[3]["label"], rows[3]["tags"], rows[3]["when"]) == ("unlabeled", "'=1+1", "")


def test_json_lines_tell_the_same(labeled: Project, tmp_path: Path) -> None:
    export_labels(labeled, tmp_path / "a.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert rows[0]["tags"] == ["a,b; \\c", "face"] and rows[2]["label"] == "normal" and len(rows) == 4


def test_only_chosen_images_in_their_order(labeled: Project, ids: Ids, tmp_path: Path) -> None:
    assert export(labeled, tmp_path / "a.csv", ids=ids[[5, 0]]).written == 2
    lines = (tmp_path / "a.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [["img6.png", "unlabeled"], ["img1.png", "sensitive"]]


def test_nothing_labeled_gives_a_table_with_its_heads_alone(project: Project, tmp_path: Path) -> None:
    assert export_labels(project, tmp_path / "a.csv") == 0
    assert (tmp_path / "a.csv").read_text("utf-8") == "path,label,tags,sha256,source,annotator,when\n"


@pytest.mark.parametrize("copying", ["copy", "hardlink", "symlink"])
def test_a_folder_of_images_by_label(labeled: Project, pictures: Path, tmp_path: Path, copying: str) -> None:
    target = tmp_path / "out"
    assert export(labeled, target, copying=copying).written == 4  # type: ignore[arg-type]
    assert files(target) == ["normal/img3.png", "sensitive/img1.png", "sensitive/img2.png", "unlabeled/img4.png"]
    first = target / "sensitive/img1.png"
    assert first.read_bytes() == (pictures / "img1.png").read_bytes()
    assert first.is_symlink() == (copying == "symlink")
    assert first.samefile(pictures / "img1.png") == (copying != "copy")


def test_names_that_clash_are_told_apart_and_found_again(make_project: Callable[..., Project], tmp_path: Path) -> None:
    for number, folder in enumerate(("one", "two")):
        write_image(tmp_path / folder / "a.png", seed=number)
    project = make_project(tmp_path / "one", tmp_path / "two")
    ids = image_ids(project)
    set_label(project, ids, S)
    for id_, tag in zip(ids, ("x", "y"), strict=True):
        set_tags(project, int(id_), [tag])
    export(project, tmp_path / "out")
    export(project, tmp_path / "tags", "sidecar")
    assert files(tmp_path / "out") == ["sensitive/a-2.png", "sensitive/a.png"]
    assert files(tmp_path / "tags") == ["one/a.txt", "two/a.txt"]
    other = make_project(tmp_path / "one", tmp_path / "two", name="other.pudm")
    assert import_labels(other, tmp_path / "out").labeled == 2
    assert import_labels(other, tmp_path / "tags").tags_added == 2
    assert [row.tags for row in image_rows(other, ids)] == [("x",), ("y",)]


def test_text_files_with_tags(labeled: Project, pictures: Path, tmp_path: Path) -> None:
    write_image(pictures / "img1.jpg", seed=1)
    assert export(labeled, tmp_path / "tags", "sidecar").written == 2
    assert {name: (tmp_path / "tags" / name).read_text("utf-8") for name in files(tmp_path / "tags")} == {
        "img1.txt": "a b; \\c, face",
        "img4.txt": "=1+1",
    }


def test_images_that_share_a_name_get_text_files_of_their_own(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    for number, name in enumerate(("a.png", "a.jpg", "b.png")):
        write_image(tmp_path / "corpus" / name, seed=number)
    project = make_project(tmp_path / "corpus")
    for id_ in image_ids(project):
        set_tags(project, int(id_), [f"number {id_}"])
    export(project, tmp_path / "tags", "sidecar")
    assert files(tmp_path / "tags") == ["a.jpg.txt", "a.png.txt", "b.txt"]
    assert not import_labels(project, tmp_path / "tags").tags_added


def test_images_that_are_gone_are_left_out_and_counted(labeled: Project, pictures: Path, tmp_path: Path) -> None:
    (pictures / "img2.png").unlink()
    report = export(labeled, tmp_path / "out")
    assert (report.written, report.left_out) == (3, 1)


@pytest.mark.parametrize("place", ["pictures/out", "pictures", ".", "full"])
@pytest.mark.parametrize("format_", ["folder", "sidecar"])
def test_a_folder_is_refused_where_it_may_not_be(
    labeled: Project, pictures: Path, tmp_path: Path, place: str, format_: Format
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    before = files(tmp_path)
    with pytest.raises(UserError):
        export(labeled, tmp_path / place, format_)
    assert [name for name in files(tmp_path) if ".sqlite" not in name] == [n for n in before if ".sqlite" not in n]


def test_a_link_into_the_images_is_no_way_around(labeled: Project, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(pictures, target_is_directory=True)
    with pytest.raises(UserError, match="only read"):
        export(labeled, tmp_path / "link" / "out")


@pytest.mark.parametrize("absolute", [False, True])
def test_a_stranger_s_project_cannot_write_outside_of_the_folder(
    labeled: Project, ids: Ids, tmp_path: Path, absolute: bool
) -> None:
    path = str(tmp_path / "escaped.png") if absolute else "../../../escaped.png"
    with labeled.writing() as db:
        db.execute("UPDATE images SET path = ? WHERE id = ?", (path, int(ids[0])))
    (tmp_path / "escaped.png").write_text("there is such a file")
    before = sorted(tmp_path.iterdir())
    for format_ in ("folder", "sidecar"):
        assert export(labeled, tmp_path / "deep" / "er" / format_, format_).left_out == 1  # type: ignore[arg-type]
    assert sorted(path.name for path in (tmp_path / "deep" / "er").iterdir()) == ["folder", "sidecar"]
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "deep"])


@pytest.mark.parametrize("name", ["test.pudm/project.sqlite", "test.pudm/runs/a.jsonl", "test.pudm/features/a"])
def test_the_project_s_own_files_are_not_written_over(labeled: Project, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="lies in the project"):
        export(labeled, tmp_path / name)
    assert export(labeled, labeled.path / "exports" / "a.csv").written == 4


def test_a_table_is_never_written_over_an_image(labeled: Project, pictures: Path) -> None:
    before = (pictures / "img1.png").read_bytes()
    for format_ in (None, "csv", "jsonl"):
        with pytest.raises(UserError, match="images are only read"):
            export(labeled, pictures / "img1.png", format_)
    assert (pictures / "img1.png").read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="The root has a name there.")
def test_the_root_is_no_table(labeled: Project) -> None:
    with pytest.raises(UserError, match="is a folder"):
        export(labeled, Path("/"), "csv")


def test_text_files_of_two_image_folders_do_not_take_each_other_s_place(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    write_image(tmp_path / "a" / "1.png", seed=1)
    write_image(tmp_path / "b" / "1.jpg", seed=2)
    project = make_project(tmp_path / "a", tmp_path / "b")
    for id_ in image_ids(project).tolist():
        set_tags(project, id_, [f"tag{id_}"])
    before = said(project, image_ids(project))
    assert export(project, tmp_path / "tags", "sidecar").written == 2
    assert files(tmp_path / "tags") == ["1.jpg.txt", "1.png.txt"]
    for id_ in image_ids(project).tolist():
        set_tags(project, id_, [])
    import_labels(project, tmp_path / "tags", "sidecar")
    assert said(project, image_ids(project)) == before


def test_text_files_that_cannot_be_told_apart_are_refused(make_project: Callable[..., Project], tmp_path: Path) -> None:
    for number, folder in enumerate("ab"):
        write_image(tmp_path / folder / "images" / "1.png", seed=number)
    project = make_project(tmp_path / "a" / "images", tmp_path / "b" / "images")
    for id_ in image_ids(project).tolist():
        set_tags(project, id_, [f"tag{id_}"])
    with pytest.raises(UserError, match="export a table instead"):
        export(project, tmp_path / "tags", "sidecar")
    assert not (tmp_path / "tags").exists()


@pytest.mark.parametrize("name", ["a.csv", "folder"])
def test_cancelling_leaves_nothing_behind(labeled: Project, tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_text("as it was")
    with pytest.raises(CancelledError):
        export(labeled, tmp_path / "out" / name, cancelled=lambda: True)
    assert files(tmp_path / "out") == ["a.csv"] and (tmp_path / "out" / "a.csv").read_text() == "as it was"


def test_a_place_that_cannot_be_written(labeled: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("no folder/a.csv", "file/a.csv", "file/folder"):
        with pytest.raises(UserError):
            export(labeled, tmp_path / name)


# --- round trips

odd = st.sampled_from("=+-@,;\"'\n\r\t\\ \udcff\udc80")
plain = st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
names = st.text(plain | odd, min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..") and len(encode_or_none(name) or b"") in range(1, 200)
)
typed = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
tags = st.lists(st.text(typed | st.sampled_from(";\\,='-"), max_size=8), max_size=3)


def encode_or_none(name: str) -> bytes | None:
    try:
        return encode(name)
    except UnicodeEncodeError:
        return None


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(";\\'=")), max_size=4))
def test_tags_in_a_cell_come_back(wanted: list[str]) -> None:
    assert clean(split_tags(join_tags(clean(wanted)))) == clean(wanted)


@pytest.mark.skipif(os.sep != "/", reason="Such names are not allowed there.")
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_whatever_is_exported_comes_back_the_same(tmp_path: Path, ending: str) -> None:
    """Labels, tags and annotators of images of any name, through a file into a project that knows nothing."""
    (tmp_path / "corpus").mkdir()
    one, other = (Project.create(tmp_path / f"{name}.pudm", annotator="ann") for name in ("one", "other"))
    for project in (one, other):
        add_root(project, tmp_path / "corpus")

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.dictionaries(
            st.lists(names, min_size=1, max_size=2).map("/".join),
            st.tuples(st.sampled_from([S, N]), tags, st.text(typed, max_size=4)),
            min_size=1,
            max_size=4,
        )
    )
    def round_trip(images: dict[str, tuple[Label, list[str], str]]) -> None:
        ids = added(one, images)
        assert added(other, images).tolist() == ids.tolist()
        for id_, (label, given_tags, annotator) in zip(ids, images.values(), strict=True):
            one.annotator = " ".join(annotator.split()) or "ann"
            set_label(one, np.array([id_]), label)
            set_tags(one, int(id_), given_tags)
        export(one, tmp_path / f"a.{ending}", ids=ids)
        assert import_labels(other, tmp_path / f"a.{ending}").unknown == 0
        assert said(other, ids) == said(one, ids)

    with one, other:
        round_trip()


def added(project: Project, names: Iterable[str]) -> Ids:
    """Rows for images of these names, in a folder of their own."""
    with project.writing() as db:
        first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM images").fetchone()[0]
        rows = [(id_, encode(f"{first}/{name}"), id_) for id_, name in enumerate(names, first)]
        db.executemany(
            """INSERT INTO images (id, root_id, path, size, mtime_ns, state, sha256)
            VALUES (?, 1, CAST(? AS TEXT), 1, 0, 1, printf('%064x', ?))""",
            rows,
        )
    return np.array([id_ for id_, *_ in rows])


def said(project: Project, ids: Ids) -> list[tuple[object, ...]]:
    return [(row.path, row.label, row.tags, row.annotator) for row in image_rows(project, ids)]
