from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from pudm_gui.project.thumbnails import DATABASE, ThumbnailCache


def test_what_was_put_is_got_also_after_a_restart(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, 10_000)
    cache.put("a", b"picture")
    cache.put("caf\udce9|1|2", b"other")
    cache.put("a", b"newer picture")
    assert cache.get("a") == b"newer picture" and cache.get("b") is None
    cache.close()
    cache = ThumbnailCache(tmp_path, 10_000)
    assert cache.get("a") == b"newer picture" and cache.get("caf\udce9|1|2") == b"other"
    cache.close()
    assert cache.get("a") is None
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / DATABASE).stat().st_mode) == 0o600


def test_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, 1000)
    for name in "abcdefghij":
        cache.put(name, name.encode() * 100)
    assert cache.get("a") is not None
    cache.put("k", b"k" * 100)
    assert [name for name in "abcdefghijk" if cache.get(name) is None] == ["b", "c"]
    cache.put("too large", b"x" * 1001)
    assert cache.get("too large") is None
    cache.close()


def test_damaged_cache_is_started_anew(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"rubbish" * 1000)
    cache = ThumbnailCache(tmp_path, 1000)
    cache.put("a", b"picture")
    assert cache.get("a") == b"picture"
    cache.close()


def test_cache_that_cannot_be_kept_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = ThumbnailCache(tmp_path / "no such folder", 1000)
    cache.put("a", b"picture")
    assert cache.get("a") is None
    assert "not kept" in caplog.text
    cache.close()


def test_threads_share_the_cache(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, 100_000)
    errors: list[str] = []

    def work(number: int) -> None:
        for turn in range(100):
            key = f"{turn % 20}"
            cache.put(key, key.encode() * 10)
            if cache.get(key) != key.encode() * 10:
                errors.append(f"{number} {turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.close()
    assert errors == []


def test_a_cache_may_grow_and_remembers_it(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, 1 << 20)
    cache.put("a", b"x" * 1000)
    assert cache.has("a") and not cache.has("b")
    assert cache.room() == (1 << 20) - 1000
    assert cache.grow(3 << 20)
    assert cache.room() == (4 << 20) - 1000
    assert not cache.grow(1 << 60)
    cache.close()
    cache = ThumbnailCache(tmp_path, 1 << 20)
    assert cache.room() == (4 << 20) - 1000
    cache.close()
