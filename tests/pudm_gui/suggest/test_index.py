"""Images are joined with features by their content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pudm_gui.project import features
from pudm_gui.project.images import image_rows
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import scan
from pudm_gui.suggest import index as index_module
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.projection import projection
from tests.pudm_gui.project.conftest import write_image
from tests.pudm_gui.suggest.conftest import MakeIndex
from tests.pudm_gui.suggest.stores import write_store
from training.digests import digest_rows
from training.feature_store import FeatureStore


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Ten different images, and a copy of the first."""
    folder = tmp_path / "pictures"
    for number in range(10):
        write_image(folder / f"img{number}.png", seed=number)
    write_image(folder / "copy.png", seed=0)
    (folder / "broken.png").write_bytes(b"no image")
    with Project.create(tmp_path / "test.pudm") as project:
        add_root(project, folder)
        scan(project)
        yield project


def store_of(project: Project, tmp_path: Path, images: Callable[[str], bool]) -> FeatureStore:
    """Features of the images whose name passes, and of one that the project does not have."""
    rows = image_rows(project, np.arange(1, 13))
    digests = sorted({row.sha256 for row in rows if row.sha256 and images(row.path)} | {"ff" * 32})
    return write_store(tmp_path / "store", np.eye(len(digests), 16) + 1, digests=digest_rows(digests))


def test_images_find_their_row_by_content(project: Project, tmp_path: Path) -> None:
    store = store_of(project, tmp_path, lambda path: path != "broken.png")
    index = FeatureIndex.load(project, store)
    assert len(index) == 11
    assert index.missing == 0
    for id_, row in zip(index.ids, index.rows, strict=True):
        assert bytes(store.digests[row]).hex() == image_rows(project, [int(id_)])[0].sha256
    names = {row.path: place for place, row in enumerate(image_rows(project, index.ids))}
    assert index.rows[names["copy.png"]] == index.rows[names["img0.png"]]
    assert len(index.used) == 10
    assert np.array_equal(index.used[index.compact], index.rows)


def test_images_without_features_are_counted(project: Project, tmp_path: Path) -> None:
    index = FeatureIndex.load(project, store_of(project, tmp_path, lambda path: path in ("img1.png", "img2.png")))
    assert len(index) == 2
    assert index.missing == 9
    assert len(index.positions(np.array([999, *index.ids]))) == 2


def test_long_lists_are_read_in_parts(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(project, tmp_path, lambda _: True)
    whole = FeatureIndex.load(project, store)
    monkeypatch.setattr(features, "IMAGES_AT_ONCE", 3)
    parts = FeatureIndex.load(project, store)
    assert np.array_equal(parts.ids, whole.ids)
    assert np.array_equal(parts.rows, whole.rows)


def test_a_digest_that_only_begins_like_another_is_unknown() -> None:
    known = np.random.default_rng(0).integers(0, 256, (9, 32), np.uint8)
    finder = index_module._RowFinder(known)
    assert finder(known[[7, 0]]).tolist() == [7, 0]
    unknown = known[:1].copy()
    unknown[0, -1] ^= 1
    assert finder(unknown).tolist() == [-1]


def test_an_empty_store_has_no_images(project: Project, tmp_path: Path) -> None:
    class Empty:
        digests = np.empty((0, 32), np.uint8)

        def __len__(self) -> int:
            return 0

    index = FeatureIndex.load(project, Empty())  # type: ignore[arg-type]
    assert len(index) == 0
    assert index.missing == 11


def test_chunks_hold_the_used_rows_alone(make_index: MakeIndex) -> None:
    whole = make_index(np.eye(9) + 0.5)
    index = FeatureIndex(whole.store, np.array([4, 8, 9]), np.array([7, 2, 7]), 0)
    values = np.concatenate(list(index.chunks(rows_at_once=4)))
    assert np.array_equal(values, index.values(np.array([2, 7])))


def test_the_map_places_copies_together(make_index: MakeIndex) -> None:
    whole = make_index(np.eye(4))
    places = projection(FeatureIndex(whole.store, np.array([1, 2, 3]), np.array([1, 3, 1]), 0))
    assert np.array_equal(places.xy[0], places.xy[2])
    assert places.clusters.tolist() == [0, 0, 0]
