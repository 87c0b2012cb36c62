from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pudm_gui.project.exchange.exporting import export_labels
from pudm_gui.project.exchange.importing import import_labels
from pudm_gui.project.history import history
from pudm_gui.project.images import image_ids, image_rows, labels_for
from pudm_gui.project.labels import redo, set_label, undo
from pudm_gui.project.model import Ids, ImageRow, Label
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import scan
from tests import bad_corpus
from tests.pudm_gui.project.conftest import set_tags, write_image
from training.errors import UserError


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "labels.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def by_path(project: Project) -> dict[str, ImageRow]:
    return {row.path: row for row in image_rows(project, image_ids(project))}


def test_import_labels_as_one_action_that_can_be_undone(
    project: Project, ids: Ids, pictures: Path, table: Callable[..., Path]
) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    report = import_labels(
        project,
        table(f"label,path\nsensitive,img1.png\nNormal,./img2.png\nsensitive,{pictures}/img3.png\nnormal,gone.png\n"),
    )
    assert (report.rows, report.labeled, report.unchanged, report.unknown) == (4, 2, 1, 1)
    assert report.unknown_examples == ["gone.png"] and "gone.png" in str(report)
    assert labels_for(project, ids).tolist()[:4] == [1, 2, 1, 0]
    assert [(e.kind, e.source, e.count, e.label) for e in history(project)[:1]] == [("import", "import", 2, None)]
    undo(project)
    assert labels_for(project, ids).tolist()[:4] == [1, 0, 0, 0]
    redo(project)
    assert labels_for(project, ids).tolist()[:4] == [1, 2, 1, 0]


def test_tags_column_replaces_tags_and_its_absence_keeps_them(
    project: Project, ids: Ids, table: Callable[..., Path]
) -> None:
    set_tags(project, int(ids[0]), ["old"])
    import_labels(project, table("path,label\nimg1.png,sensitive\n"))
    assert by_path(project)["img1.png"].tags == ("old",)
    import_labels(project, table("\ufeffpath,label,tags\r\nimg1.png,sensitive,face; two words\r\n"))
    assert by_path(project)["img1.png"].tags == ("face", "two words")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1 has no column named path"),
        (b"file,label\nimg1.png,sensitive\n", "line 1 has no column named path"),
        (b"path,tags\nimg1.png,x\n", "line 1 has no column named label"),
        (b"path,label\nimg1.png,sensitive\nimg2.png,bad\n", "line 3: There is no label 'bad'"),
        (b"path,label\nimg1.png,sensitive\nimg2.png,\n", "line 3: There is no label ''"),
        (b"path,label\nimg1.png,sensitive\nimg2.png\n", "line 3 has 1 columns"),
        (b"path,label,tags\nimg1.png,sensitive,a,b\n", "line 2 has 4 columns"),
        (b"path,label\nimg1.png,sensitive\n,normal\n", "line 3 has no path"),
        (b"path,label\nimg1.png,sensitive\ncaf\xe9.png,normal\n", "line 3 is not UTF-8"),
        (b"path,label,tags\nimg1.png,sensitive,\xe9\n", "line 2 is not UTF-8"),
        ("path,label\nimg1.png,sensitive\n".encode("utf-16"), "line 1 is not UTF-8"),
        (b"path,label\nimg1.png,sensitive\nimg1.png,normal\n", "line 3 labels img1.png normal, but line 2"),
        (b'path,label\nimg1.png,sensitive\n"two\nlines.png",normal\nimg2.png,x\n', "line 5: There is no label"),
        (b"path,label\nimg1.png,sensitive\n" + b"x" * 200_000 + b",normal\n", "line 3 is not CSV"),
    ],
)
def test_bad_table_is_one_sentence_with_its_line_and_changes_nothing(
    project: Project, ids: Ids, table: Callable[..., Path], content: bytes, words: str
) -> None:
    with pytest.raises(UserError) as caught:
        import_labels(project, table(content))
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not labels_for(project, ids).any()
    assert history(project) == []


def test_missing_table_and_unwritable_place_are_told(project: Project, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        import_labels(project, tmp_path / "none.csv")
    with pytest.raises(UserError, match="cannot be written"):
        export_labels(project, tmp_path / "no folder" / "labels.csv")


def test_only_the_first_unknown_files_are_named(project: Project, table: Callable[..., Path]) -> None:
    report = import_labels(project, table("path,label\n" + "".join(f"no{n}.png,normal\n" for n in range(25))))
    assert report.unknown == 25 and report.unknown_examples == [f"no{n}.png" for n in range(10)]
    assert str(report).endswith("no9.png, ….")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_export_and_import_give_the_same_labels_whatever_the_names(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    corpus = bad_corpus.build(tmp_path / "corpus")
    project = make_project(corpus.folder)
    ids = image_ids(project)
    set_label(project, ids[::2], Label.SENSITIVE)
    set_label(project, ids[1::4], Label.NORMAL)
    for id_ in ids[::3]:
        set_tags(project, int(id_), ["=1+1", "plain", f"number {id_}"])
    before = {path: (row.label, row.tags) for path, row in by_path(project).items()}
    exported = tmp_path / "labels.csv"
    assert export_labels(project, exported) == sum(label != 0 or bool(tags) for label, tags in before.values())
    other = make_project(corpus.folder, name="other.pudm")
    report = import_labels(other, exported)
    assert report.unknown == 0
    assert {path: (row.label, row.tags) for path, row in by_path(other).items()} == before
    (corpus.folder / corpus.locked).chmod(0o700)


def test_exported_cells_are_no_formulas(make_project: Callable[..., Project], tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    for name in ("=1+1.png", "+x.png", "-x.png", "@x.png", "\tx.png", "'=x.png", "'x.png", "x.png"):
        write_image(folder / name)
    project = make_project(folder)
    set_label(project, image_ids(project), Label.SENSITIVE)
    export_labels(project, tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        cells = [row["path"] for row in csv.DictReader(file)]
    assert len(cells) == 8
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r"]
    assert "'x.png" in cells and "x.png" in cells


def test_same_name_in_two_folders_needs_its_absolute_path(
    make_project: Callable[..., Project], pictures: Path, tmp_path: Path, table: Callable[..., Path]
) -> None:
    write_image(tmp_path / "second/img1.png", seed=77)
    project = make_project(pictures, tmp_path / "second")
    with pytest.raises(UserError, match=r"line 2: img1\.png is in more than one"):
        import_labels(project, table("path,label\nimg1.png,sensitive\n"))
    set_label(project, image_ids(project)[-1:], Label.SENSITIVE)
    export_labels(project, tmp_path / "out.csv")
    assert str(tmp_path / "second" / "img1.png") in (tmp_path / "out.csv").read_text()
    undo(project)
    assert import_labels(project, tmp_path / "out.csv").labeled == 1


@pytest.mark.skipif(os.name == "nt", reason="Links need a right there.")
def test_absolute_path_through_a_link_is_found(
    make_project: Callable[..., Project], pictures: Path, tmp_path: Path, table: Callable[..., Path]
) -> None:
    link = tmp_path / "link"
    link.symlink_to(pictures, target_is_directory=True)
    project = make_project()
    add_root(project, link)
    scan(project)
    assert (
        import_labels(project, table(f"path,label\n{pictures}/img1.png,normal\n{link}/img2.png,normal\n")).labeled == 2
    )
