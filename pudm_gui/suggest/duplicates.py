"""Near duplicates: the same picture again, scaled, recompressed or touched up. One label is enough for all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.columns import is_first
from pudm_gui.suggest.hamming import Hashes, Pairs, close_pairs
from pudm_gui.suggest.index import FeatureIndex, Rows
from pudm_gui.suggest.model import Group

BITS = 6
"""Perceptual hashes of near duplicates differ in at most so many of 64 bits."""
COSINE = 0.7
"""And their features have at least this cosine: of photos that differ, hardly any have 0.6."""
ROWS_AT_ONCE = 8192


def duplicate_groups(index: FeatureIndex, bits: int = BITS, cosine: float = COSINE) -> list[Group]:
    """Groups of images that show the same, largest first, by perceptual hash and then by features.

    Every image of a group is near its first one; none is there because it is near another's neighbour.
    """
    leader = near_rows(index, bits, cosine)
    owner = leader[index.compact]
    order = np.lexsort((index.ids, index.compact != owner, owner))
    owners = owner[order]
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    lengths = np.diff(np.append(starts, len(owners)))
    several = np.flatnonzero(lengths > 1)
    several = several[np.argsort(-lengths[several], kind="stable")]
    groups = []
    for place in several:
        members = order[starts[place] : starts[place] + lengths[place]]
        exact = bool((index.compact[members] == owners[starts[place]]).all())
        groups.append(Group(index.ids[members], exact))
    return groups


def near_rows(index: FeatureIndex, bits: int = BITS, cosine: float = COSINE) -> NDArray[np.int64]:
    """``(R,)``: for each of ``index.used`` the place in it of the one that it is a duplicate of, or its own."""
    hashes = np.asarray(index.store.phash[index.used])
    leader = np.arange(len(hashes))
    different, which = _different(hashes)
    pairs = close_pairs(different, bits)
    several = np.bincount(which, minlength=len(different)) > 1
    several[pairs.ravel()] = True
    open_ = np.flatnonzero(several[which])
    while len(open_):
        first = np.full(len(different), len(hashes))
        np.minimum.at(first, which[open_], open_)
        target = first[_leaders(first < len(hashes), pairs)[which[open_]]]
        near = _cosines(index, open_, target) >= cosine
        near |= target == open_
        leader[open_[near]] = target[near]
        # Those that are unlike their leader look for another among themselves.
        open_ = open_[~near]
    return leader


def _different(hashes: Hashes) -> tuple[Hashes, NDArray[np.int64]]:
    """The different ones, and for each of `hashes` which it is."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    new = is_first(ordered)
    which = np.empty(len(hashes), np.int64)
    which[order] = np.cumsum(new) - 1
    return ordered[new], which


def _leaders(present: NDArray[np.bool_], pairs: Pairs) -> NDArray[np.int64]:
    """``(H,)``: for each node that is present its leader: itself, or a neighbour that is its own leader.

    Nodes with more neighbours lead. In each round those lead that come before all their neighbours that are still
    undecided, and take these in.
    """
    count = len(present)
    edges = pairs[present[pairs].all(axis=1)]
    edges = np.concatenate([edges, edges[:, ::-1]])
    by_priority = np.lexsort((-np.arange(count), np.bincount(edges[:, 0], minlength=count)))
    priority = np.empty(count, np.int64)
    priority[by_priority] = np.arange(count)
    leader = np.arange(count)
    undecided = present.copy()
    while len(edges):
        best = np.full(count, -1, np.int64)
        np.maximum.at(best, edges[:, 0], priority[edges[:, 1]])
        leads = undecided & (best < priority)
        taken = edges[leads[edges[:, 1]]]
        choice = np.full(count, -1, np.int64)
        np.maximum.at(choice, taken[:, 0], priority[taken[:, 1]])
        joins = choice >= 0
        leader[joins] = by_priority[choice[joins]]
        undecided &= ~(leads | joins)
        edges = edges[undecided[edges].all(axis=1)]
    return leader


def _cosines(index: FeatureIndex, left: Rows, right: Rows) -> NDArray[np.float32]:
    """``(n,)``: of rows at these places in ``index.used``, pair by pair."""
    parts = [np.empty(0, np.float32)]
    for start in range(0, len(left), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        pair = (index.values(index.used[side[some]]) for side in (left, right))
        parts.append(np.einsum("nd,nd->n", *pair))
    return np.concatenate(parts)
