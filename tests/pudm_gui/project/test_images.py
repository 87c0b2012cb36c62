from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pudm_gui.project.images import counts, image_ids, image_rows, labels_for
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Counts, Ids, ImageFilter, Label
from pudm_gui.project.paths import decode, encode, folded, sort_key
from pudm_gui.project.project import Project
from tests.pudm_gui.project.conftest import make_unreadable, set_tags, write_image
from training.errors import UserError


def paths(project: Project, filter_: ImageFilter) -> list[str]:
    return [row.path for row in image_rows(project, image_ids(project, filter_))]


def test_images_come_in_natural_order(project: Project) -> None:
    assert paths(project, ImageFilter()) == [f"img{number}.png" for number in range(1, 11)]


@pytest.mark.parametrize(
    "ordered",
    [
        ["img2", "img10", "img100"],
        ["IMG1", "img2", "Img3"],
        ["a/2", "a/10", "a b/1", "b/1"],
        ["v1.2.9", "v1.2.10", "v1.10"],
        ["1", "12345678", "123456789", "1234567890", "9" * 18, "1" + "0" * 18],
        ["007", "08", "9"],
        ["zebra", "ähre"],
    ],
)
def test_sort_key_orders_as_people_do(ordered: list[str]) -> None:
    assert sorted(ordered[1:] + ordered[:1], key=sort_key) == ordered


def test_paths_of_any_bytes_come_back_as_they_were() -> None:
    for data in (b"caf\xe9.png", "ü🌻".encode(), b"\xff\xfe", b"plain"):
        assert encode(decode(data)) == data
        sort_key(decode(data))
        folded(decode(data))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("img1", ["img1.png", "img10.png"]),
        ("IMG1.", ["img1.png"]),
        ("g_1", []),
        ("%", []),
        ("png", [f"img{n}.png" for n in range(1, 11)]),
        ("nothing", []),
        ("\0", [f"img{n}.png" for n in range(1, 11)]),
    ],
)
def test_search_is_for_text_anywhere_and_takes_wildcards_literally(
    project: Project, text: str, found: list[str]
) -> None:
    assert paths(project, ImageFilter(text=text)) == found


def test_search_finds_accents_in_either_form_and_any_case(make_project: Callable[..., Project], tmp_path: Path) -> None:
    folder = tmp_path / "words"
    write_image(folder / "Cafe\u0301 STRASSE.png")  # as macOS writes it
    write_image(folder / "Straße.png", seed=1)
    project = make_project(folder)
    assert len(paths(project, ImageFilter(text="CAFÉ"))) == 1
    assert len(paths(project, ImageFilter(text="straße"))) == 2


def test_filters_and_search_combine(project: Project, ids: Ids) -> None:
    set_label(project, ids[[0, 4, 9]], Label.SENSITIVE)
    make_unreadable(project, ids[4])
    make_unreadable(project, ids[8])
    assert paths(project, ImageFilter("sensitive", "img1")) == ["img1.png", "img10.png"]
    assert paths(project, ImageFilter("unreadable")) == ["img5.png", "img9.png"]
    assert paths(project, ImageFilter("unlabeled")) == [f"img{n}.png" for n in (2, 3, 4, 6, 7, 8)]
    assert counts(project) == Counts(total=10, unlabeled=6, sensitive=3, normal=0, unreadable=2)
    with pytest.raises(ValueError, match="show"):
        ImageFilter("everything")  # type: ignore[arg-type]


def test_empty_project_has_nothing(make_project: Callable[..., Project]) -> None:
    project = make_project()
    for show in ("all", "unlabeled", "sensitive", "normal", "unreadable"):
        assert image_ids(project, ImageFilter(show)).size == 0
    assert counts(project) == Counts(0, 0, 0, 0, 0)
    assert image_rows(project, []) == []
    assert labels_for(project, np.array([], dtype=np.int64)).size == 0


def test_rows_and_labels_keep_the_order_asked_for(project: Project, ids: Ids) -> None:
    set_label(project, ids[2:3], Label.NORMAL)
    wanted = ids[[5, 2, 2, 0]]
    assert [row.id for row in image_rows(project, wanted)] == wanted.tolist()
    assert labels_for(project, wanted).tolist() == [0, 2, 2, 0]
    with pytest.raises(KeyError):
        image_rows(project, [10_000])


def test_many_images_are_in_order_whichever_way_they_are_looked_up(make_project: Callable[..., Project]) -> None:
    """Few are sorted by themselves and many picked from all: both give the same order."""
    project = make_project()
    names = [f"shoot {n % 7}/{n}.png" for n in range(5000)]
    with project.writing() as db:
        db.execute("INSERT INTO roots (path) VALUES ('/nowhere')")
        db.executemany(
            "INSERT INTO images (root_id, path, size, mtime_ns, sort_key) VALUES (1, ?, 0, 0, ?)",
            [(name, sort_key(name)) for name in names],
        )
    ids = image_ids(project)
    assert [names[id_ - 1] for id_ in ids] == sorted(names, key=sort_key)
    chosen = ids[::50]
    set_label(project, chosen, Label.SENSITIVE)
    assert image_ids(project, ImageFilter("sensitive")).tolist() == chosen.tolist()
    set_label(project, ids[::2], Label.NORMAL)
    assert image_ids(project, ImageFilter("normal")).tolist() == ids[::2].tolist()
    assert labels_for(project, ids).tolist() == [2, 0] * 2500
    assert image_ids(project, ImageFilter("normal", "shoot 3/")).size == sum(n[6] == "3" for n in names) // 2


def test_tags_are_trimmed_and_unique(project: Project, ids: Ids) -> None:
    set_tags(project, int(ids[0]), ["  face ", "face", "", "two  words", "ü\udce9"])
    assert image_rows(project, ids[:1])[0].tags == ("face", "two words", "ü\udce9")
    set_tags(project, int(ids[0]), [])
    assert image_rows(project, ids[:1])[0].tags == ()


def test_label_words() -> None:
    assert Label.from_word(" Sensitive ") is Label.SENSITIVE
    assert [label.word for label in Label] == ["unlabeled", "sensitive", "normal"]
    with pytest.raises(UserError, match="no label 'bad'"):
        Label.from_word("bad")
