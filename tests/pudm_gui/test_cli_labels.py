"""`pudm labels`: formats, the preview, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pudm_gui.cli import main
from pudm_gui.project.history import history
from pudm_gui.project.images import image_ids, image_rows, labels_for
from pudm_gui.project.project import Project
from tests.pudm_gui.project.conftest import write_image

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def pudm(capsys: pytest.CaptureFixture[str]) -> Run:
    """``pudm(…)``: run the command; its code, and what it wrote to stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def project(pudm: Run, tmp_path: Path) -> Path:
    """A project of four images, the first of which is sensitive."""
    for number in range(1, 5):
        write_image(tmp_path / "corpus" / f"{number}.png", seed=number)
    path = tmp_path / "a.pudm"
    assert pudm("new", path, tmp_path / "corpus")[0] == 0
    (tmp_path / "first.csv").write_text("path,label\n1.png,sensitive\n")
    assert pudm("labels", "import", path, tmp_path / "first.csv")[0] == 0
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text("path,label,tags\n1.png,normal,\n2.png,sensitive,face\ngone.png,normal,\n")
    return path


def labels(path: Path) -> list[int]:
    with Project.open(path, read_only=True) as project:
        return labels_for(project, image_ids(project)).tolist()


def test_a_preview_tells_all_and_changes_nothing(pudm: Run, project: Path, table: Path) -> None:
    code, out, _ = pudm("labels", "import", project, table, "--preview")
    assert code == 0 and "another label now" in out and "gone.png" in out and labels(project) == [1, 0, 0, 0]
    code, out, _ = pudm("labels", "import", project, table, "--preview", "--json")
    document = json.loads(out)
    assert document["becoming"] == {"unlabeled": 0, "sensitive": 1, "normal": 1}
    assert (document["overwritten"], document["unknown"], document["problems"]) == (1, 1, [])


def test_a_preview_of_a_bad_file_lists_what_is_wrong(pudm: Run, project: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("path,label\n1.png,x\n2.png,y\n")
    code, out, _ = pudm("labels", "import", project, tmp_path / "bad.csv", "--preview", "--json")
    assert code == 2 and len(json.loads(out)["problems"]) == 2
    code, out, err = pudm("labels", "import", project, tmp_path / "bad.csv")
    assert (code, out) == (2, "") and err.count("\n") == 1 and "line 2" in err


def test_existing_labels_are_kept_if_wanted_and_others_signed(pudm: Run, project: Path, table: Path) -> None:
    code, out, _ = pudm("labels", "import", project, table, "--keep-existing", "--annotator", "Bo", "--json")
    assert code == 0 and json.loads(out)["kept"] == 1 and labels(project) == [1, 1, 0, 0]
    with Project.open(project, read_only=True) as opened:
        assert history(opened)[0].annotator == "Bo"
        assert image_rows(opened, image_ids(opened)[1:2])[0].tags == ("face",)


def test_an_empty_name_is_refused(pudm: Run, project: Path, table: Path) -> None:
    code, _, err = pudm("labels", "import", project, table, "--annotator", " ")
    assert code == 2 and "annotator" in err


@pytest.mark.parametrize(("name", "flags"), [("out.jsonl", ()), ("out", ("--link",)), ("out", ("--hard-link",))])
def test_what_is_exported_can_be_imported(
    pudm: Run, project: Path, tmp_path: Path, name: str, flags: tuple[str]
) -> None:
    code, out, _ = pudm("labels", "export", project, tmp_path / name, *flags, "--json")
    assert code == 0 and json.loads(out) == {"file": str(tmp_path / name), "rows": 1, "left_out": 0}
    assert pudm("new", tmp_path / "b.pudm", tmp_path / "corpus")[0] == 0
    assert pudm("labels", "import", tmp_path / "b.pudm", tmp_path / name)[0] == 0
    assert labels(tmp_path / "b.pudm") == [1, 0, 0, 0]


def test_tags_go_into_text_files(pudm: Run, project: Path, table: Path, tmp_path: Path) -> None:
    pudm("labels", "import", project, table)
    assert pudm("labels", "export", project, tmp_path / "tags", "--format", "sidecar")[0] == 0
    assert (tmp_path / "tags" / "2.txt").read_text() == "face"


def test_an_image_folder_is_no_place_for_an_export(pudm: Run, project: Path, tmp_path: Path) -> None:
    code, _, err = pudm("labels", "export", project, tmp_path / "corpus" / "out")
    assert code == 2 and "only read" in err and not (tmp_path / "corpus" / "out").exists()
