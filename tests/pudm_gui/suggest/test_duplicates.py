"""Near duplicates are found without comparing all pairs, and nothing is grouped that only a chain connects."""

from __future__ import annotations

import numpy as np
import pytest

from pudm_gui.suggest.duplicates import duplicate_groups
from pudm_gui.suggest.hamming import close_pairs
from pudm_gui.suggest.index import FeatureIndex
from tests.pudm_gui.suggest.conftest import MakeIndex


def flipped(value: int, *bits: int) -> int:
    for bit in bits:
        value ^= 1 << int(bit)
    return value


@pytest.mark.parametrize("bits", [0, 1, 4, 6])
def test_all_close_pairs_are_found(bits: int) -> None:
    rng = np.random.default_rng(bits)
    seeds = rng.integers(0, 2**64, 60, np.uint64)
    near = [flipped(int(seed), *rng.choice(64, rng.integers(1, 9), replace=False)) for seed in seeds for _ in range(4)]
    hashes = np.unique(np.concatenate([seeds, np.array(near, np.uint64)]))
    distances = np.bitwise_count(hashes[:, None] ^ hashes[None])
    expected = np.argwhere(np.triu(distances <= bits, 1))
    assert np.array_equal(close_pairs(hashes, bits), expected)


def test_no_pair_beyond_what_the_blocks_can_find() -> None:
    with pytest.raises(ValueError, match="bits"):
        close_pairs(np.zeros(1, np.uint64), 7)


def test_groups_hold_what_is_near_their_first(make_index: MakeIndex) -> None:
    hashes = np.array([0, flipped(0, 1, 2), flipped(0, 40), 2**63 - 1, flipped(2**63 - 1, 5)], np.uint64)
    groups = duplicate_groups(make_index(np.ones((5, 4)), phash=hashes))
    assert [sorted(group.ids.tolist()) for group in groups] == [[1, 2, 3], [4, 5]]
    assert not groups[0].exact


def test_a_chain_is_no_group(make_index: MakeIndex) -> None:
    chain = [0]
    for step in range(8):
        chain.append(flipped(chain[-1], *range(5 * step, 5 * step + 5)))
    hashes = np.array(chain, np.uint64)
    for group in duplicate_groups(make_index(np.ones((9, 4)), phash=hashes)):
        distances = np.bitwise_count(hashes[group.ids - 1] ^ hashes[group.ids[0] - 1])
        assert distances.max() <= 6


def test_features_must_agree(make_index: MakeIndex) -> None:
    features = np.array([[1, 0, 0], [0, 1, 0], [1, 0.1, 0], [0, 1, 0.1]])
    hashes = np.zeros(4, np.uint64)
    groups = duplicate_groups(make_index(features, phash=hashes))
    assert sorted(sorted(group.ids.tolist()) for group in groups) == [[1, 3], [2, 4]]


def test_copies_are_a_group_and_said_to_be_the_same(make_index: MakeIndex) -> None:
    whole = make_index(np.eye(3))
    index = FeatureIndex(whole.store, np.array([1, 2, 5, 6]), np.array([0, 1, 1, 1]), 0)
    (group,) = duplicate_groups(index)
    assert group.ids.tolist() == [2, 5, 6]
    assert group.exact


def test_larger_groups_come_first(make_index: MakeIndex) -> None:
    hashes = np.array([0, 0, 2**60, 2**60 + 1, 2**60 + 2, 77 << 40], np.uint64)
    features = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [-1, 0]])
    groups = duplicate_groups(make_index(features, phash=hashes))
    assert [len(group.ids) for group in groups] == [3, 2]


def test_no_duplicates_no_groups(make_index: MakeIndex) -> None:
    assert duplicate_groups(make_index(np.eye(4), phash=np.array([0, 255, 255 << 20, 255 << 40], np.uint64))) == []
