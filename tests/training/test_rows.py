"""Rows of a large array on the device that trains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training.rows import Rows, copied, places

CPU = torch.device("cpu")


@pytest.fixture(params=[np.uint8, np.float32, np.int64])
def array(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NDArray[np.generic]]:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (50, 2, 3)).astype(request.param))
    yield np.load(tmp_path / "a.npy", mmap_mode="r")


def test_rows_on_the_cpu_are_new_tensors(array: NDArray[np.generic]) -> None:
    rows, wanted = Rows(array, 0.2), np.array([4, 49, 4, 0])
    rows.prefetch(wanted, CPU)
    got = rows.gather(wanted, CPU)
    assert torch.equal(got, torch.from_numpy(np.array(array[wanted])))
    got.zero_()
    assert rows.gather(wanted, CPU).sum() > 0


def test_whole_array_is_copied_in_parts(array: NDArray[np.generic], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.rows.COPIED_AT_ONCE", 100)
    assert torch.equal(copied(array, CPU), torch.from_numpy(np.array(array)))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [([7, 3], [0, 2]), ([5, 7, 5], [1, 0, 1]), ([7, 5, 3, 9], [0, 1, 2, 3]), ([4], None), ([10], None), ([7, 4], None)],
)
def test_places_of_rows_among_those_on_their_way(wanted: list[int], found: list[int] | None) -> None:
    got = places(np.array([7, 5, 3, 9]), np.array(wanted))
    assert (None if got is None else got.tolist()) == found


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("share", [0.2, 0.0])
class TestGpu:
    """Resident, and copied step by step."""

    @pytest.mark.parametrize("hint", [None, [4, 49, 4, 0], [1, 2, 3]])
    def test_rows_are_the_same_whatever_was_expected(
        self, array: NDArray[np.generic], share: float, hint: list[int] | None
    ) -> None:
        rows, wanted = Rows(array, share), np.array([4, 49, 4, 0])
        for _ in range(3):
            if hint is not None:
                rows.prefetch(np.array(hint), torch.device("cuda"))
            got = rows.gather(wanted, torch.device("cuda"))
            assert torch.equal(got.cpu(), torch.from_numpy(np.array(array[wanted])))

    def test_a_step_may_ask_in_parts(self, array: NDArray[np.generic], share: float) -> None:
        rows = Rows(array, share)
        rows.prefetch(np.arange(20), torch.device("cuda"))
        for part in np.array_split(np.arange(20), 3):
            assert torch.equal(rows.gather(part, torch.device("cuda")).cpu(), torch.from_numpy(np.array(array[part])))
