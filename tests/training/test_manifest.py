"""The frozen list of images."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.builders import make_run
from training.errors import UserError
from training.manifest import ManifestEntry, read_manifest, write_manifest


def test_manifest_round_trip_with_any_name(tmp_path: Path) -> None:
    names = ["a.png", "new\nline.png", "quote'\".png", "emoji 🐈.png", "latin-\udce9.png", "Ünï/ж.png"]
    entries = [ManifestEntry("1", name, "unlabeled", "ab") for name in names]
    write_manifest(tmp_path / "manifest.jsonl", entries)
    assert read_manifest(tmp_path / "manifest.jsonl") == entries


def test_tags_are_kept_and_written_only_where_there_are_some(tmp_path: Path) -> None:
    entries = [ManifestEntry("1", "a.png", "unlabeled", ""), ManifestEntry("1", "b.png", "normal", "", ("cat", "ж"))]
    write_manifest(tmp_path / "manifest.jsonl", entries)
    assert read_manifest(tmp_path / "manifest.jsonl") == entries
    assert [line.count("tags") for line in (tmp_path / "manifest.jsonl").read_text().splitlines()] == [0, 1]


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("a/b.png", None),
        ("odd::name.png", None),
        ("a.tar", None),
        ("a/shard-000.tar::dir/0001.jpg", ("a/shard-000.tar", "dir/0001.jpg")),
        ("a.tar::x.tar::y.png", ("a.tar", "x.tar::y.png")),
    ],
)
def test_what_is_a_member_of_a_tar_file(path: str, member: tuple[str, str] | None) -> None:
    entry = ManifestEntry("1", path, "unlabeled", "")
    assert entry.member == member
    assert entry.file({"1": "/images"}) == Path("/images", path if member is None else member[0])


def test_a_manifest_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.manifest_file.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"manifest\.jsonl cannot be read .*; restore the file"):
        read_manifest(run.manifest_file)


@pytest.mark.parametrize("line", ["{", "[]", '{"root": "1"}', '{"root":"1","path":"a","label":"evil","sha256":""}'])
def test_a_damaged_manifest_names_its_line(tmp_path: Path, line: str) -> None:
    run = make_run(tmp_path)
    with run.manifest_file.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match="line 31"):
        read_manifest(run.manifest_file)
