"""Every condition and order of `ImageFilter`, alone and together, against the same asked of the rows one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pudm_gui.project.facets import facets
from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Ids, ImageFilter, ImageRow, Label, Listing
from pudm_gui.project.paths import encode, fold, folded, sort_key
from pudm_gui.project.project import Project
from pudm_gui.project.tags import tag_images

FOLDERS = ("", "beach", "beach/day 2", "beach/day 10", "beach2", "Ünïcode", "caf\udce9")
COUNT = 300
ANNOTATORS = ("ann", "bob", "ümit", "")
"""Who labeled first, who then, who last; nobody."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Images of two roots with all that can be filtered by; ids are in no order."""
    choose = random.Random(1)
    places = [
        (1 + n % 2, f"{folder}/Img{n % 43}.jpg".lstrip("/"))
        for n in range(2 * COUNT)
        for folder in [FOLDERS[n % len(FOLDERS)]]
    ]
    places = list(dict.fromkeys(places))[:COUNT]
    choose.shuffle(places)
    with Project.create(tmp_path_factory.mktemp("query") / "query.pudm", annotator="ann") as project:
        with project.writing() as db:
            db.execute("INSERT INTO roots (path) VALUES ('/one'), ('/two')")
            db.executemany(
                """INSERT INTO images
                (root_id, path, sort_key, folded, size, mtime_ns, state, width, height, problem, changed)
                VALUES (?, CAST(? AS TEXT), ?, CAST(? AS TEXT), ?, ?, 1, ?, ?, ?, ?)""",
                [
                    (
                        root,
                        encode(path),
                        sort_key(path),
                        folded(path),
                        choose.randrange(100),
                        choose.randrange(100) * 10**9,
                        *choose.choice(((640, 480), (480, 640), (100, 900), (0, 0))),
                        choose.choice((None, None, None, "The file is damaged.")),
                        choose.random() < 0.1,
                    )
                    for root, path in places
                ],
            )
        ids = np.arange(1, len(places) + 1)
        for turn, (annotator, source) in enumerate(zip(ANNOTATORS, ("hand", "import", "suggestion"), strict=False)):
            project.annotator = annotator
            set_label(project, ids[turn::5], Label(1 + turn % 2), source)
            tag_images(project, ids[turn::7], added=[f"tag {turn}", "ümlaut"])
        yield project


@pytest.fixture(scope="module")
def rows(corpus: Project) -> list[ImageRow]:
    """By root and in natural order."""
    found = image_rows(corpus, np.arange(1, COUNT + 1))
    return sorted(found, key=lambda row: (row.root_id, sort_key(row.path)))


def passes(row: ImageRow, f: ImageFilter) -> bool:
    """What `ImageFilter` says of its conditions."""
    shown = {
        "all": True,
        "unlabeled": row.label is Label.UNLABELED and row.problem is None,
        "sensitive": row.label is Label.SENSITIVE,
        "normal": row.label is Label.NORMAL,
        "unreadable": row.problem is not None,
    }
    edge = min(row.width, row.height)
    return all(
        (
            shown[f.show],
            fold(f.text) in fold(row.path),
            not f.tags or set(f.tags) & set(row.tags),
            not (f.untagged and row.tags),
            not f.sources or row.source in f.sources,
            not f.annotators or row.annotator in f.annotators,
            not f.folder or row.path.startswith(f"{f.folder}/"),
            (f.size[0] or 0) <= row.size <= (99 if f.size[1] is None else f.size[1]),
            f.modified[0] is None or row.modified >= f.modified[0],
            f.modified[1] is None or row.modified < f.modified[1],
            f.edge[0] is None or edge >= f.edge[0],
            f.edge[1] is None or 0 < edge <= f.edge[1],
            not f.changed or row.changed,
            f.within is None or row.id in f.within.ids,
        )
    )


def expected(rows: list[ImageRow], f: ImageFilter) -> list[int]:
    found = [row for row in rows if passes(row, f)]
    if f.within is not None and f.sort is None:
        place = {id_: n for n, id_ in enumerate(f.within.ids.tolist())}
        found.sort(key=lambda row: place[row.id])
    elif f.sort == "name":
        found.sort(key=lambda row: sort_key(row.path.rpartition("/")[2]))
    if f.sort in (None, "path", "name"):
        return [row.id for row in (found[::-1] if f.descending else found)]
    sign = -1 if f.descending else 1
    values = {
        "size": lambda row: sign * row.size,
        "modified": lambda row: sign * row.modified,
        "resolution": lambda row: sign * row.width * row.height,
        "labeled": lambda row: (not row.label, sign * ANNOTATORS.index(row.annotator)),
    }
    return [row.id for row in sorted(found, key=values[f.sort])]


LISTED = Listing("some", np.arange(COUNT, 0, -3, dtype=np.int64))
CONDITIONS: tuple[dict[str, object], ...] = (
    *({"show": show} for show in ("unlabeled", "sensitive", "normal", "unreadable")),
    {"text": "IMG1"},
    {"text": "ÜNÏ"},
    {"tags": ("tag 1",)},
    {"tags": ("tag 0", "ümlaut")},
    {"untagged": True},
    {"sources": ("import",)},
    {"sources": ("hand", "suggestion")},
    {"annotators": ("ümit",)},
    {"annotators": ("ann", "bob"), "sources": ("hand",)},
    {"folder": "beach"},
    {"folder": "beach/day 2"},
    {"folder": "caf\udce9"},
    {"size": (20, None)},
    {"size": (None, 60)},
    {"modified": (10.0, 70.0)},
    {"edge": (200, None)},
    {"edge": (None, 100)},
    {"changed": True},
    {"within": LISTED},
)
SORTS = (None, "path", "name", "size", "modified", "resolution", "labeled")


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_each_condition(corpus: Project, rows: list[ImageRow], condition: dict) -> None:
    asked = ImageFilter(**condition)
    found = image_ids(corpus, asked).tolist()
    assert found == expected(rows, asked)
    assert 0 < len(found) < COUNT


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_each_order(corpus: Project, rows: list[ImageRow], sort: str, descending: bool) -> None:
    """Over all images, over few of them, and over a listing."""
    for condition in ({}, {"text": "img3", "folder": "beach/day 10"}, {"within": LISTED}):
        asked = ImageFilter(sort=sort, descending=descending, **condition)  # type: ignore[arg-type]
        assert image_ids(corpus, asked).tolist() == expected(rows, asked)


def test_conditions_and_orders_combine(corpus: Project, rows: list[ImageRow]) -> None:
    choose = random.Random(2)
    hits = 0
    for _ in range(150):
        together: dict[str, object] = {"sort": choose.choice(SORTS), "descending": choose.random() < 0.5}
        for condition in choose.sample(CONDITIONS, choose.choice((2, 2, 3, 4))):
            together |= condition
        asked = ImageFilter(**together)  # type: ignore[arg-type]
        found = image_ids(corpus, asked).tolist()
        assert found == expected(rows, asked), asked
        hits += len(found)
    assert hits > 1000


def test_absurd_bounds_find_nothing_rather_than_fail(corpus: Project) -> None:
    assert image_ids(corpus, ImageFilter(modified=(1e300, None))).size == 0
    assert image_ids(corpus, ImageFilter(modified=(-1e300, 1e300))).size == COUNT
    assert image_ids(corpus, ImageFilter(size=(10**30, None))).size == 0
    assert image_ids(corpus, ImageFilter(folder="/beach/")).size == image_ids(corpus, ImageFilter(folder="beach")).size


def test_what_there_is_to_choose_from(corpus: Project) -> None:
    found = facets(corpus)
    assert set(found.annotators) == {"ann", "bob", "ümit"}
    assert set(found.sources) == {"hand", "import", "suggestion"}
    assert found.annotators["ann"] == image_ids(corpus, ImageFilter(annotators=("ann",))).size


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Project]:
    """So many images that their order is kept in a file."""
    with Project.create(tmp_path / "many.pudm") as project:
        _insert(project, range(12_000))
        yield project


def _insert(project: Project, numbers: range) -> None:
    names = [f"shoot {n % 7}/{n * 7919 % 100_003}.png" for n in numbers]
    with project.writing() as db:
        db.execute("INSERT OR IGNORE INTO roots (id, path) VALUES (1, '/nowhere')")
        db.executemany(
            "INSERT INTO images (root_id, path, size, mtime_ns, sort_key) VALUES (1, ?, 0, 0, ?)",
            [(name, sort_key(name)) for name in names],
        )


def in_order(project: Project) -> Ids:
    rows = project.db.execute("SELECT id FROM images ORDER BY root_id, sort_key").fetchall()
    return np.array(rows, dtype=np.int64)[:, 0]


def by_name(project: Project) -> list[str]:
    names = [path.rpartition("/")[2] for (path,) in project.db.execute("SELECT path FROM images")]
    return sorted(names, key=sort_key)


def test_order_is_kept_in_a_private_file_and_read_again(many: Project) -> None:
    assert np.array_equal(image_ids(many), in_order(many))
    file = many.path / "order-by-path.bin"
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat().st_mtime_ns
    assert np.array_equal(image_ids(many), in_order(many))
    assert file.stat().st_mtime_ns == before
    assert not list(many.path.glob(".order*"))


def test_order_follows_new_and_moved_images(many: Project) -> None:
    for sort in ("path", "name"):
        image_ids(many, ImageFilter(sort=sort))  # type: ignore[arg-type]
    _insert(many, range(12_000, 12_050))
    assert np.array_equal(image_ids(many), in_order(many))
    with many.writing() as db:
        db.execute("UPDATE images SET path = 'a/1.png', sort_key = ? WHERE id = 77", (sort_key("a/1.png"),))
    assert image_ids(many)[0] == 77
    rows = image_rows(many, image_ids(many, ImageFilter(sort="name"))[:20])
    assert [row.path.rpartition("/")[2] for row in rows] == by_name(many)[:20]


@pytest.mark.parametrize("sort", ["size", "modified", "resolution"])
@pytest.mark.parametrize("descending", [False, True])
def test_order_follows_what_is_measured(many: Project, sort: str, descending: bool) -> None:
    asked = ImageFilter(sort=sort, descending=descending)  # type: ignore[arg-type]
    assert np.array_equal(image_ids(many, asked), in_order(many)), "all alike"
    with many.writing() as db:
        db.execute("UPDATE images SET size = 7, mtime_ns = 7000000, width = 7, height = 7 WHERE id = 77")
    assert image_ids(many, asked)[0 if descending else -1] == 77
    assert image_ids(many, asked)[-1 if descending else 0] == in_order(many)[-1 if descending else 0]


@pytest.mark.parametrize("harm", ["empty", "cut", "twice", "outside", "other state"])
def test_damaged_order_is_replaced_without_a_word(many: Project, harm: str, caplog: pytest.LogCaptureFixture) -> None:
    image_ids(many)
    file = many.path / "order-by-path.bin"
    content = np.fromfile(file, dtype=np.int64)
    if harm == "twice":
        content[15] = content[16]
    elif harm == "outside":
        content[15] = -3
    elif harm == "other state":
        content[0] += 1
    data = content.tobytes()
    file.write_bytes({"empty": b"", "cut": data[:-3]}.get(harm, data))
    assert np.array_equal(image_ids(many), in_order(many))
    assert np.array_equal(np.fromfile(file, dtype=np.int64)[3:], in_order(many))
    assert not caplog.records


def test_read_only_project_uses_the_order_and_writes_none(many: Project) -> None:
    image_ids(many)
    file = many.path / "order-by-path.bin"
    file.unlink()
    with Project.open(many.path, read_only=True) as other:
        assert np.array_equal(image_ids(other), in_order(many))
    assert not file.exists()
