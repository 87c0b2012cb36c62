"""Importing from every format: what is found, what is planned, and that the plan is what is done."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pudm_gui.project.exchange.exporting import export
from pudm_gui.project.exchange.formats import format_of, format_to_write
from pudm_gui.project.exchange.importing import OutdatedPlanError, apply, import_labels, preview_import
from pudm_gui.project.exchange.matching import CancelledError
from pudm_gui.project.exchange.planning import planned_changes
from pudm_gui.project.history import history
from pudm_gui.project.images import image_ids, image_rows, labels_for
from pudm_gui.project.labels import set_label, undo
from pudm_gui.project.model import Ids, ImageRow, Label
from pudm_gui.project.project import Project
from pudm_gui.project.scan import scan
from tests.pudm_gui.project.conftest import set_tags, write_image
from training.errors import UserError

Write = Callable[..., Path]
S, N, U = Label.SENSITIVE, Label.NORMAL, Label.UNLABELED


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(name, text)``: a file in a folder of its own."""

    def write_(name: str, content: str | bytes) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
        return path

    return write_


def by_path(project: Project) -> dict[str, ImageRow]:
    return {row.path: row for row in image_rows(project, image_ids(project))}


def labels(project: Project) -> list[int]:
    return labels_for(project, image_ids(project)).tolist()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- the plan


def test_a_plan_counts_what_would_change_and_changes_nothing(project: Project, ids: Ids, write: Write) -> None:
    set_label(project, ids[:3], S)
    set_tags(project, int(ids[0]), ["old"])
    table = write(
        "a.csv",
        "path,label,tags\nimg1.png,sensitive,new\nimg2.png,normal,\nimg3.png,unlabeled,\nimg4.png,normal,\n"
        "img4.png,normal,\ngone.png,normal,\n",
    )
    plan = preview_import(project, table)
    assert [plan.becoming(label) for label in (S, N, U)] == [0, 2, 1]
    assert (plan.rows, plan.labeled, plan.unchanged, plan.duplicates, plan.unknown.count) == (6, 3, 0, 1, 1)
    assert plan.overwritten.tolist() == ids[1:3].tolist() and plan.overwritten_of == {"ann": 2}
    assert [(c.path, c.old, c.new, c.given_by, c.added, c.removed) for c in planned_changes(project, plan, 0, 9)] == [
        ("img1.png", S, S, "ann", ("new",), ("old",)),
        ("img2.png", S, N, "ann", (), ()),
        ("img3.png", S, U, "ann", (), ()),
        ("img4.png", U, N, "", (), ()),
    ]
    assert labels(project)[:4] == [S, S, S, U] and len(history(project)) == 2


def test_the_plan_is_what_is_applied_as_one_action_that_can_be_undone(project: Project, ids: Ids, write: Write) -> None:
    set_label(project, ids[:1], S)
    set_tags(project, int(ids[0]), ["old"])
    plan = preview_import(project, write("a.csv", "path,label,tags\nimg1.png,normal,x;y\nimg2.png,sensitive,\n"))
    (change,) = apply(project, plan)
    assert change.ids.tolist() == ids[:2].tolist() and (change.kind, change.label) == ("import", None)
    entry = history(project)[0]
    assert (entry.kind, entry.source, entry.count, entry.note) == ("import", "import", 2, "a.csv")
    assert labels(project)[:3] == [N, S, U] and by_path(project)["img1.png"].tags == ("x", "y")
    undo(project)
    assert labels(project)[:3] == [S, U, U] and by_path(project)["img1.png"].tags == ("old",)


def test_existing_labels_and_tags_can_be_kept(project: Project, ids: Ids, write: Write) -> None:
    set_label(project, ids[:1], S)
    set_tags(project, int(ids[0]), ["old"])
    table = write("a.csv", "path,label,tags\nimg1.png,normal,new\nimg2.png,normal,\n")
    plan = preview_import(project, table, keep_existing=True)
    assert plan.kept.tolist() == ids[:1].tolist() and not len(plan.overwritten) and plan.labeled == 1
    apply(project, plan)
    assert labels(project)[:2] == [S, N] and by_path(project)["img1.png"].tags == ("new", "old")


def test_a_plan_is_refused_once_labels_have_changed(project: Project, ids: Ids, write: Write) -> None:
    plan = preview_import(project, write("a.csv", "path,label\nimg1.png,normal\n"))
    set_label(project, ids[5:6], S)
    with pytest.raises(OutdatedPlanError):
        apply(project, plan)
    assert labels(project)[0] == U and len(history(project)) == 1


def test_each_annotator_is_an_action_and_others_agree(project: Project, ids: Ids, write: Write) -> None:
    set_label(project, ids[:1], S)
    table = write(
        "a.csv",
        "path,label,annotator\nimg1.png,sensitive,bo\nimg2.png,normal,cy\nimg2.png,sensitive,bo\nimg3.png,normal,\n",
    )
    plan = preview_import(project, table, annotator="di")
    assert plan.names == ("bo", "cy", "di") and plan.confirmed == 1
    assert [change.count for change in apply(project, plan)] == [2, 1, 1]
    assert [(entry.annotator, entry.count) for entry in history(project)[:3]] == [("di", 1), ("cy", 1), ("bo", 2)]
    assert labels(project)[:3] == [S, N, N], "the last one to speak of an image has the last word"
    assert [row.annotator for row in image_rows(project, ids[:3])] == ["bo", "cy", "di"]


def test_cancelling_changes_nothing(project: Project, ids: Ids, write: Write) -> None:
    table = write("a.csv", "path,label\nimg1.png,normal\n")
    with pytest.raises(CancelledError):
        preview_import(project, table, cancelled=lambda: True)
    assert not project.db.in_transaction
    plan = preview_import(project, table)
    assert apply(project, plan), "the project is as usable as before"


# --- finding images


@pytest.mark.parametrize(
    "path",
    ["img1.png", "./img1.png", "sub/../img1.png", "{root}/img1.png", "{root}/sub/../img1.png", "pictures/img1.png"],
)
def test_ways_to_write_a_path(project: Project, pictures: Path, write: Write, path: str) -> None:
    import_labels(project, write("a.csv", f"path,label\n{path.format(root=pictures)},normal\n"))
    assert labels(project)[0] == N


@pytest.mark.skipif(os.sep != "/", reason="There it is the usual way.")
def test_a_table_from_windows_is_understood(make_project: Callable[..., Project], tmp_path: Path, write: Write) -> None:
    write_image(tmp_path / "corpus" / "sub" / "a.png")
    project = make_project(tmp_path / "corpus")
    assert import_labels(project, write("a.csv", "path,label\nsub\\a.png,normal\n")).labeled == 1


def test_an_image_is_found_by_its_content_where_its_path_is_unknown(
    project: Project, pictures: Path, ids: Ids, write: Write
) -> None:
    table = write("a.csv", f"path,label,sha256\nold/name.png,normal,{digest(pictures / 'img4.png').upper()}\n")
    report = import_labels(project, table)
    assert (report.labeled, report.by_content, report.unknown) == (1, 1, 0)
    assert labels(project)[3] == N


def test_content_tells_where_names_were_swapped(project: Project, pictures: Path, ids: Ids, write: Write) -> None:
    table = write("a.csv", f"path,label,sha256\nimg1.png,normal,{digest(pictures / 'img2.png')}\n")
    import_labels(project, table)
    assert labels(project)[:2] == [U, N]


def test_a_file_that_has_changed_is_still_found_by_its_path(project: Project, write: Write) -> None:
    plan = preview_import(project, write("a.csv", f"path,label,sha256\nimg1.png,normal,{'0' * 64}\n"))
    assert (plan.labeled, plan.other_content) == (1, 1)


def test_all_copies_of_a_picture_are_meant_by_its_content(
    make_project: Callable[..., Project], pictures: Path, write: Write
) -> None:
    shutil.copy(pictures / "img1.png", pictures / "copy.png")
    project = make_project(pictures)
    table = write("a.csv", f"path,label,sha256\nelsewhere.png,normal,{digest(pictures / 'copy.png')}\n")
    assert import_labels(project, table).labeled == 2


# --- bad files


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"path,label\n../secret.png,normal\n", "line 2: ../secret.png leads out of the image folders"),
        ("a.csv", b"path,label,sha256\nimg1.png,normal,abc\n", "line 2 has something else than 64 hexadecimal"),
        ("a.csv", b"path,label\nimg1.png,normal\nimg1.png,sensitive\n", "line 3 labels img1.png sensitive, but line 2"),
        ("a.csv", b"path,label,tags\nimg1.png,normal,a\nimg1.png,normal,b\n", "line 3 gives img1.png other tags than"),
        ("a.csv", b"path,label\nimg1.png,bad\nimg2.png,worse\n", "(one more line is wrong too)."),
        ("a.csv", "path,label\nbüro.png,normal\n".encode("latin-1"), "line 2 is not UTF-8 text"),
        ("a.csv", "path,label\nimg1.png,normal\n".encode("utf-16"), "line 1 is not UTF-8 text"),
        ("a.csv", b"path,label\nimg1.png,nor\0mal\n", "line 1 is not UTF-8 text"),
        ("a.jsonl", b"{'path'}\n", "line 1 is no JSON object"),
        ("a.jsonl", b'{"path": "img1.png"}\n', 'line 1 has no "label"'),
        ("a.jsonl", b'{"path": "img1.png", "label": 1}\n', 'line 1 has a "label" that is no text'),
        ("a.jsonl", b'{"path": "img1.png", "label": "normal", "tags": "x"}\n', 'line 1 has "tags" that are no list'),
        ("a.jsonl", b'{"path": "img1.png", "label": "normal", "tags": [1]}\n', 'line 1 has "tags" that are no list'),
        ("a.jsonl", b'{"path": "\\ud800.png", "label": "normal"}\n', "line 1 is not UTF-8 text"),
        ("a.jsonl", b"[" * 100_000 + b"\n", "line 1 is no JSON object"),
        ("a.jsonl", b'{"path": "b\xfc.png", "label": "normal"}\n', "line 1 is not UTF-8 text"),
        ("a.jsonl", '{"path": "img1.png", "label": "normal"}\n'.encode("utf-16"), "line 1 is not UTF-8 text"),
    ],
)
def test_a_bad_file_is_one_sentence_and_changes_nothing(
    project: Project, ids: Ids, write: Write, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(UserError) as caught:
        import_labels(project, write(name, content))
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not any(labels(project)) and history(project) == []


def test_every_problem_is_in_the_plan(project: Project, write: Write) -> None:
    plan = preview_import(
        project, write("a.csv", "path,label\nimg1.png,bad\nimg2.png\n../x.png,normal\nimg3.png,normal\n")
    )
    assert [problem.place for problem in plan.problems.first] == ["line 2", "line 3", "line 4"]
    assert plan.problems.count == 3 and plan.labeled == 1


def test_a_folder_where_a_table_is_wanted_and_the_reverse(project: Project, write: Write, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        import_labels(project, tmp_path, "csv")
    with pytest.raises(UserError, match="is not a folder"):
        import_labels(project, write("a.csv", "path,label\n"), "sidecar")


# --- formats


def test_formats_are_told_by_their_names_and_what_they_hold(tmp_path: Path, write: Write) -> None:
    assert format_of(write("a.csv", "")) == "csv" and format_of(write("a.JSONL", "")) == "jsonl"
    assert format_of(write("x/a.txt", "tag").parent) == "sidecar"
    write("y/Normal/a.txt", "tag"), (tmp_path / "in/y/normal").mkdir(exist_ok=True)
    assert format_of(tmp_path / "in/y") == "folder"
    assert [format_to_write(Path(name)) for name in ("a.csv", "a.ndjson", "a")] == ["csv", "jsonl", "folder"]


def test_json_lines(project: Project, write: Write) -> None:
    rows = [
        {"path": "img1.png", "label": "Sensitive", "tags": ["a;b", " c  d "], "annotator": "bo", "score": 1},
        {"path": "img2.png", "label": "normal", "tags": None},
    ]
    import_labels(project, write("a.jsonl", "\n\n".join(map(json.dumps, rows))))
    found = by_path(project)
    assert (found["img1.png"].label, found["img1.png"].tags, found["img1.png"].annotator) == (S, ("a;b", "c d"), "bo")
    assert found["img2.png"].label == N


@pytest.mark.parametrize("sign", [";", "\t"])
def test_tables_with_semicolons_or_tabs(project: Project, write: Write, sign: str) -> None:
    text = f'path{sign}label{sign}tags\nimg1.png{sign}normal{sign}"a;b"\n'
    import_labels(project, write("a.csv", text))
    assert by_path(project)["img1.png"].tags == ("a", "b")


def test_folders_named_after_labels_and_tags(project: Project, pictures: Path, ids: Ids, tmp_path: Path) -> None:
    """Found by path, by content under another name, and not at all where the content is another."""
    folder = tmp_path / "sorted"
    for source, target in (
        ("img1", "Sensitive/img1"),
        ("img2", "normal/renamed"),
        ("img3", "face/img3"),
        ("img3", "hands/x"),
    ):
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pictures / f"{source}.png", folder / f"{target}.png")
    write_image(folder / "normal/img4.png", seed=99)
    set_tags(project, int(ids[2]), ["old"])
    report = import_labels(project, folder)
    assert (report.labeled, report.tags_added, report.unknown) == (2, 2, 1) and report.unknown_examples == ["img4.png"]
    found = by_path(project)
    assert labels(project)[:4] == [S, N, U, U] and found["img3.png"].tags == ("face", "hands", "old")


def test_an_image_in_two_label_folders_is_a_problem(project: Project, pictures: Path, tmp_path: Path) -> None:
    for label in ("sensitive", "normal"):
        (tmp_path / "sorted" / label).mkdir(parents=True)
        shutil.copy(pictures / "img1.png", tmp_path / "sorted" / label)
    shutil.copy(pictures / "img2.png", tmp_path / "sorted" / "stray.png")
    plan = preview_import(project, tmp_path / "sorted")
    assert [str(problem) for problem in plan.problems.first] == [
        "stray.png is in no subfolder, so it gets no label; move it into one or away.",
        "img1.png is there as sensitive and as normal; keep one of the two.",
    ]


def test_the_image_folder_itself_may_be_sorted_by_label(make_project: Callable[..., Project], tmp_path: Path) -> None:
    for number, label in enumerate(("sensitive", "normal", "sensitive")):
        write_image(tmp_path / "corpus" / label / f"{number}.png", seed=number)
    project = make_project(tmp_path / "corpus")
    assert import_labels(project, tmp_path / "corpus").labeled == 3
    assert {row.path.split("/")[0] for row in by_path(project).values() if row.label == S} == {"sensitive"}


def test_text_files_beside_the_images(project: Project, pictures: Path, ids: Ids) -> None:
    set_tags(project, int(ids[0]), ["old"])
    (pictures / "img1.txt").write_text("face, two  words\nsaber \\(fate\\), ")
    (pictures / "img2.png.txt").write_text("hands")
    (pictures / "img3.txt").write_text("")
    (pictures / "notes.txt").write_text("not about an image")
    set_label(project, ids[:1], S)
    report = import_labels(project, pictures)
    assert (report.labeled, report.tags_added, report.tags_removed, report.unknown) == (0, 4, 1, 1)
    found = by_path(project)
    assert found["img1.png"].tags == ("face", "saber (fate)", "two words") and found["img2.png"].tags == ("hands",)
    assert labels(project)[0] == S


def test_a_text_file_speaks_of_all_images_of_that_name(make_project: Callable[..., Project], tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "ab.png", "a.b.png", "a/c.png"):
        write_image(tmp_path / "corpus" / name, seed=len(name))
    project = make_project(tmp_path / "corpus")
    (tmp_path / "tags").mkdir()
    (tmp_path / "tags/a.txt").write_text("x")
    import_labels(project, tmp_path / "tags")
    assert sorted(path for path, row in by_path(project).items() if row.tags) == ["a.jpg", "a.png"]


@pytest.mark.parametrize(
    ("content", "words"), [(b"caf\xe9", "not UTF-8"), (b"a,\0", "not UTF-8"), (b"a" * 70_000, "too long")]
)
def test_bad_text_files(project: Project, pictures: Path, content: bytes, words: str) -> None:
    (pictures / "img1.txt").write_bytes(content)
    with pytest.raises(UserError, match=words):
        import_labels(project, pictures, "sidecar")


def test_rows_by_the_hundred_thousand_are_no_objects(project: Project, write: Write) -> None:
    """More rows than are kept, of everything there is to keep."""
    lines = [f"no{n}.png,normal" for n in range(12_000)] + [f"img1.png,bad{n % 7}" for n in range(12_000)]
    plan = preview_import(project, write("a.csv", "path,label\n" + "\n".join(lines)))
    assert (plan.unknown.count, plan.problems.count) == (12_000, 12_000)
    assert len(plan.unknown.first) == len(plan.problems.first) == 1000


def test_scanning_meanwhile_is_no_obstacle(project: Project, pictures: Path, write: Write) -> None:
    plan = preview_import(project, write("a.csv", "path,label\nimg1.png,normal\n"))
    write_image(pictures / "new.png", seed=50)
    scan(project)
    assert len(apply(project, plan)) == 1


def test_an_export_of_what_is_labeled_changes_nothing(project: Project, ids: Ids, tmp_path: Path) -> None:
    set_label(project, ids[:4], S)
    for name in ("a.csv", "a.jsonl", "folder"):
        export(project, tmp_path / "out" / name) if (tmp_path / "out").mkdir(exist_ok=True) is None else None
        assert preview_import(project, tmp_path / "out" / name).empty
