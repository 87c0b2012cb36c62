"""`pudm suggest`, `similar`, `duplicates` and `coverage`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pudm_gui.cli import main
from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import scan
from tests.pudm_gui.project.conftest import write_image
from tests.pudm_gui.suggest.stores import write_store
from training.digests import digest_rows

Pudm = Callable[..., tuple[int, str, str]]


@pytest.fixture
def pudm(capsys: pytest.CaptureFixture[str]) -> Pudm:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """80 images of two kinds, "a…" and "b…"; a00 to a05 are labeled sensitive; a10 and a11 are near duplicates."""
    folder = tmp_path / "pictures"
    for number in range(80):
        write_image(folder / f"{'ab'[number >= 20]}{number % 60:02d}.png", seed=number)
    path = tmp_path / "test.pudm"
    with Project.create(path) as project:
        add_root(project, folder)
        scan(project)
        rows = image_rows(project, image_ids(project))
        kind = np.array([row.path[0] == "b" for row in rows])
        features = np.eye(8)[kind.astype(int)] + 0.2 * np.random.default_rng(0).normal(size=(80, 8))
        phash = np.random.default_rng(1).integers(0, 2**64, 80, np.uint64)
        names = [row.path for row in rows]
        first, second = names.index("a10.png"), names.index("a11.png")
        features[second], phash[second] = features[first], phash[first] ^ np.uint64(1)
        digests = digest_rows([row.sha256 for row in rows])
        write_store(path / "features" / "imagenet", features, digests=digests, phash=phash)
        sensitive = [row.id for row in rows if row.path < "a06"]
        set_label(project, np.array(sensitive), Label.SENSITIVE)
    return path


def test_suggest_lists_the_likeliest(project: Path, pudm: Pudm) -> None:
    code, out, _ = pudm("suggest", project, "--n", 10, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["reliable"]
    assert [image["path"][0] for image in found["images"]] == ["a"] * 10
    assert pudm("suggest", project, "--n", 3)[1].count(".png") == 3


def test_suggest_writes_a_table(project: Path, pudm: Pudm, tmp_path: Path) -> None:
    code, out, _ = pudm("suggest", project, "--n", 5, "--diverse", "--out", tmp_path / "next.csv")
    assert code == 0
    assert "5 images" in out
    with (tmp_path / "next.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert set(rows[0]) == {"path", "probability", "level"}


def test_similar_takes_relative_and_absolute_paths(project: Path, pudm: Pudm, tmp_path: Path) -> None:
    by_name = pudm("similar", project, "a10.png", "--n", 4, "--json")
    by_path = pudm("similar", project, tmp_path / "pictures" / "a10.png", "--n", 4, "--json")
    assert by_name == by_path
    found = json.loads(by_name[1])["images"]
    assert found[0] == {"path": "a11.png", "similarity": pytest.approx(1, abs=0.01)}
    assert len(found) == 4


def test_duplicates_are_told_in_groups(project: Path, pudm: Pudm) -> None:
    found = json.loads(pudm("duplicates", project, "--json")[1])
    assert (found["groups"], found["images"]) == (1, 2)
    assert sorted(found["largest"][0]["paths"]) == ["a10.png", "a11.png"]
    assert "1 group of" in pudm("duplicates", project)[1]


def test_coverage_names_gaps(project: Path, pudm: Pudm) -> None:
    code, out, _ = pudm("coverage", project, "--json")
    assert code == 0
    for gap in json.loads(out)["gaps"]:
        assert gap["size"] == len(gap["paths"])
    assert pudm("coverage", project)[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("similar", "PROJECT", "nowhere.png"), "has no image nowhere.png"),
        (("suggest", "PROJECT", "--encoder", "pixels"), "no features of pixels; there are those of imagenet"),
        (("suggest", "PROJECT", "--n", "0"), "--n"),
        (("suggest", "PROJECT", "--out", "/nowhere/at/all.csv"), "all.csv"),
    ],
)
def test_mistakes_are_told_in_a_line(words: tuple[str, ...], told: str, project: Path, pudm: Pudm) -> None:
    code, out, err = pudm(*(project if word == "PROJECT" else word for word in words))
    assert code == 2
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


def test_without_features_or_labels_it_says_what_to_do(tmp_path: Path, pudm: Pudm) -> None:
    write_image(tmp_path / "pictures" / "one.png")
    with Project.create(tmp_path / "test.pudm") as project:
        add_root(project, tmp_path / "pictures")
        scan(project)
        (row,) = image_rows(project, image_ids(project))
    for command in ("suggest", "duplicates", "coverage"):
        assert "compute features first: pudm features" in pudm(command, tmp_path / "test.pudm")[2]
    write_store(tmp_path / "test.pudm" / "features" / "pixels", np.ones((1, 4)), digests=digest_rows([row.sha256]))
    assert "labeled sensitive yet" in pudm("suggest", tmp_path / "test.pudm")[2]
    assert pudm("duplicates", tmp_path / "test.pudm")[0] == 0


@pytest.mark.parametrize("name", [".", "test.pudm/project.sqlite", "pictures/a00.png"])
def test_a_list_is_written_over_nothing_of_value(
    project: Path, pudm: Pudm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = None if name == "." else Path(name).read_bytes()
    code, _, told = pudm("suggest", project, "--out", name)
    assert code == 2
    assert "Traceback" not in told
    assert name == "." or Path(name).read_bytes() == before


def test_an_encoder_of_an_unknown_kind_is_no_mistake(project: Path, pudm: Pudm) -> None:
    found = next(path for path in (project / "features").iterdir() if path.is_dir())
    info = json.loads((found / "info.json").read_text())
    (found / "info.json").write_text(json.dumps(info | {"encoder": "someone-elses"}))
    assert pudm("suggest", project)[0] == 0
