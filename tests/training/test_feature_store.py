"""The store of image features: what is committed stays, what is not never shows, and files never disagree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from training.digests import digest_rows, find_rows
from training.errors import UserError
from training.feature_store import (
    CLUSTERS,
    DIGESTS,
    FEATURES,
    INFO,
    MAP,
    REDUCED,
    FeatureStore,
    StoreInfo,
)
from training.feature_writer import FeatureWriter, unit_rows

WANTED = StoreInfo("pixels", "Pixels", 8, "00")


def rows_of(count: int, seed: int = 0, width: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    digests = rng.integers(0, 256, (count, 32), np.uint8)
    return digests, rng.normal(size=(count, width)), rng.integers(0, 2**63, count, dtype=np.uint64)


def derive(writer: FeatureWriter) -> None:
    rows = writer.info.rows
    with writer.deriving(4) as folder:
        np.full((rows, 4), 0.5, np.float16).tofile(folder / REDUCED)
        np.zeros((rows, 2), np.float32).tofile(folder / MAP)
        np.arange(rows, dtype=np.int32).tofile(folder / CLUSTERS)


def test_rows_show_once_they_are_whole(tmp_path: Path) -> None:
    digests, features, phash = rows_of(5)
    with FeatureWriter(tmp_path / "pixels", WANTED) as writer:
        writer.append(digests, features, phash)
        writer.commit()
        assert FeatureStore.available(tmp_path) == []
        derive(writer)
    (store,) = FeatureStore.available(tmp_path)
    assert len(store) == 5
    assert np.array_equal(store.digests, digests)
    assert np.array_equal(store.phash, phash)
    assert np.allclose(np.linalg.norm(store.features.astype(float), axis=1), 1, atol=1e-3)
    assert np.allclose(store.features, unit_rows(features), atol=1e-3)
    assert store.reduced.shape == (5, 4)
    assert store.map.shape == (5, 2)
    assert store.clusters.tolist() == [0, 1, 2, 3, 4]


def test_a_later_job_adds_rows_and_former_readers_keep_theirs(tmp_path: Path) -> None:
    first, second = rows_of(5), rows_of(3, seed=1)
    with FeatureWriter(tmp_path, WANTED) as writer:
        writer.append(*first)
        writer.commit()
        derive(writer)
    before = FeatureStore.open(tmp_path)
    mapped = before.clusters
    with FeatureWriter(tmp_path, WANTED) as writer:
        writer.append(*second)
        writer.commit()
        assert len(FeatureStore.open(tmp_path)) == 5
        assert len(FeatureStore.open(tmp_path).seen_digests) == 8
        derive(writer)
    assert mapped.tolist() == [0, 1, 2, 3, 4]
    assert len(FeatureStore.open(tmp_path)) == 8
    assert np.array_equal(FeatureStore.open(tmp_path).digests, np.concatenate([first[0], second[0]]))


def test_chunks_give_all_rows_in_order(tmp_path: Path) -> None:
    with FeatureWriter(tmp_path, WANTED) as writer:
        writer.append(*rows_of(7))
        writer.commit()
        derive(writer)
    store = FeatureStore.open(tmp_path)
    parts = list(store.chunks("features", rows_at_once=3))
    assert [start for start, _ in parts] == [0, 3, 6]
    assert np.array_equal(np.concatenate([part for _, part in parts]), store.features.astype(np.float32))
    assert sum(len(part) for _, part in store.chunks()) == 7


def test_scores_keep_their_values_and_need_nothing_derived(tmp_path: Path) -> None:
    digests, _, phash = rows_of(3)
    scorer = StoreInfo("nudity", "Nudity", 1, "00", kind="scores")
    with FeatureWriter(tmp_path / "nudity", scorer) as writer:
        writer.append(digests, np.array([[0.25], [0.5], [0.0]]), phash)
        writer.commit()
    assert FeatureStore.available(tmp_path) == []
    (store,) = FeatureStore.available(tmp_path, "scores")
    assert store.scores.tolist() == [0.25, 0.5, 0.0]


def test_what_was_not_committed_is_cut_off(tmp_path: Path) -> None:
    first, torn, third = rows_of(4), rows_of(2, seed=1), rows_of(3, seed=2)
    with FeatureWriter(tmp_path, WANTED) as writer:
        writer.append(*first)
        writer.commit()
        writer.append(*torn)
    with (tmp_path / FEATURES).open("ab") as file:
        file.write(b"half a row")
    with FeatureWriter(tmp_path, WANTED) as writer:
        writer.append(*third)
        writer.commit()
        derive(writer)
    store = FeatureStore.open(tmp_path)
    assert np.array_equal(store.digests, np.concatenate([first[0], third[0]]))
    assert np.allclose(store.features[4:], unit_rows(third[1]), atol=1e-3)
    assert (tmp_path / FEATURES).stat().st_size == 7 * 16


def test_damaged_files_are_remembered(tmp_path: Path) -> None:
    digests = rows_of(2)[0]
    with FeatureWriter(tmp_path, WANTED) as writer:
        writer.note_damaged(digests)
        writer.commit()
    assert np.array_equal(FeatureStore.open(tmp_path).seen_digests, digests)


def test_other_weights_start_anew(tmp_path: Path) -> None:
    with FeatureWriter(tmp_path, WANTED) as writer:
        writer.append(*rows_of(4))
        writer.commit()
        derive(writer)
    with FeatureWriter(tmp_path, StoreInfo("pixels", "Pixels", 8, "11")) as writer:
        assert writer.info.rows == 0
    assert len(FeatureStore.open(tmp_path)) == 0
    assert (tmp_path / DIGESTS).stat().st_size == 0


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 1}', '{"format": "one"}', json.dumps(asdict(WANTED) | {"rows": "5"})]
)
def test_a_damaged_store_is_told_in_a_sentence_and_made_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "pixels").mkdir()
    (tmp_path / "pixels" / INFO).write_text(content)
    with pytest.raises(UserError, match="damaged"):
        FeatureStore.open(tmp_path / "pixels")
    assert FeatureStore.available(tmp_path) == []
    with FeatureWriter(tmp_path / "pixels", WANTED) as writer:
        assert writer.info.rows == 0


def test_a_missing_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    with FeatureWriter(tmp_path, WANTED) as writer:
        writer.append(*rows_of(4))
        writer.commit()
    (tmp_path / FEATURES).unlink()
    with pytest.raises(UserError, match=r"features\.f16 is damaged or missing"):
        FeatureStore.open(tmp_path)


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    with FeatureWriter(tmp_path, WANTED):
        pass
    newer = json.dumps(json.loads((tmp_path / INFO).read_text()) | {"format": 2})
    (tmp_path / INFO).write_text(newer)
    with pytest.raises(UserError, match="newer version"):
        FeatureStore.open(tmp_path)
    with pytest.raises(UserError, match="newer version"):
        FeatureWriter(tmp_path, WANTED)
    assert (tmp_path / INFO).read_text() == newer


def test_rows_are_found_by_digest() -> None:
    known = rows_of(100)[0]
    known[7, :] = 0  # byte strings of numpy would end at zeros
    known[8, 31] = 0
    wanted = np.concatenate([known[[40, 7, 8]], rows_of(1, seed=9)[0]])
    assert find_rows(wanted, known).tolist() == [40, 7, 8, -1]
    assert find_rows(wanted, known[:0]).tolist() == [-1, -1, -1, -1]
    assert np.array_equal(digest_rows([bytes(row).hex() for row in known]), known)


WRITES_UNTIL_KILLED = """
import sys
from dataclasses import asdict
from pathlib import Path
from tests.training.test_feature_store import WANTED, derive, rows_of
from training.feature_writer import FeatureWriter

number = 0
with FeatureWriter(Path(sys.argv[1]), WANTED) as writer:
    while True:
        writer.append(*rows_of(50, seed=number))
        writer.commit()
        if number % 3 == 0:
            derive(writer)
        print(writer.info.rows, flush=True)
        number += 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_writer_leaves_a_whole_store(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        process = subprocess.Popen([sys.executable, "-c", WRITES_UNTIL_KILLED, str(folder)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(int(rng.integers(1, 40)))]
        os.kill(process.pid, signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().splitlines() if line.endswith(b"0")]
        process.wait()
        store = FeatureStore.open(folder)
        assert store.info.rows >= max(told[:-1], default=0)
        with FeatureWriter(folder, WANTED) as writer:
            derive(writer)
        store = FeatureStore.open(folder)
        batches = len(store) // 50
        expected = np.concatenate([rows_of(50, seed=number)[0] for number in range(batches)])
        assert np.array_equal(store.digests, expected)
        assert len(store.reduced) == len(store.clusters) == len(store.features) == len(store)
