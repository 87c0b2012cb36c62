"""Thumbnails a second: as the window makes them, from files and from the cache, against bare scaled decoding."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

ROUNDS = 3
SIZES = {"photos of 1600 × 1200": ((1600, 1200), 150), "small files of 320 × 240": ((320, 240), 500)}
EDGE = 138
"""Longer edge of the picture in a tile of the usual size."""
TARGETS_FOR = "photos of 1600 × 1200"


def compare() -> tuple[float, float]:
    """The window's rate against bare decoding, and that of cached thumbnails against those from files; for photos."""
    results = {}
    with tempfile.TemporaryDirectory() as temporary:
        for name, (size, count) in SIZES.items():
            files = write_pictures(Path(temporary) / f"{size[0]}", size, count)
            results[name] = compare_on(files, name)
    return results[TARGETS_FOR]


def compare_on(files: list[Path], name: str) -> tuple[float, float]:
    from pudm_gui.label.grid.thumbnail import LEVELS
    from pudm_gui.label.grid.thumbnails import THREADS

    level = next(level for level in LEVELS if level >= EDGE)
    bare, made, stored, cached = [], [], [], []
    for _ in range(ROUNDS):  # alternating, so that all have the same neighbours on the machine
        bare.append(rate(lambda file: decode(file, level), files, THREADS))
        for rates, found in zip((made, stored, cached), through_the_window(files), strict=True):
            rates.append(found)
    bare_, made_, stored_, cached_ = (median(each) for each in (bare, made, stored, cached))
    print(
        f"{name}, {THREADS} threads: bare decoding {bare_:.0f} a second, in the window {made_:.0f} "
        f"(with storing them afterwards {stored_:.0f}), cached {cached_:.0f}",
        flush=True,
    )
    return made_ / bare_, cached_ / made_


def through_the_window(files: list[Path]) -> tuple[float, float, float]:
    """Pictures a second from asking to a pixmap that can be painted: from files, the same until they are in the cache
    too, and from the cache."""
    from PySide6.QtCore import QCoreApplication, QEventLoop, QObject

    from pudm_gui.label.grid.thumbnail import Wanted
    from pudm_gui.label.grid.thumbnails import Thumbnails
    from pudm_gui.label.veil import Veil
    from pudm_gui.project.thumbnails import ThumbnailCache

    rates = []
    with tempfile.TemporaryDirectory() as folder:
        cache = ThumbnailCache(Path(folder))
        for _ in range(2):
            owner = QObject()
            thumbnails = Thumbnails(cache, owner)
            wanted = [Wanted((n, 1, 1.0), file, f"{file}", EDGE, Veil()) for n, file in enumerate(files)]
            arrived: list[int] = []
            thumbnails.ready.connect(arrived.append)
            started = time.perf_counter()
            thumbnails.want(wanted)
            while len(arrived) < len(files):
                QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            rates.append(len(files) / (time.perf_counter() - started))
            thumbnails.close()
            rates.append(len(files) / (time.perf_counter() - started))
        cache.close()
    return rates[0], rates[1], rates[2]


def rate(work: Callable[[Path], object], files: list[Path], threads: int) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, files))
    return len(files) / (time.perf_counter() - started)


def decode(file: Path, longest: int) -> None:
    from PySide6.QtCore import QSize, Qt
    from PySide6.QtGui import QImageReader

    reader = QImageReader(os.fspath(file))
    reader.setAutoTransform(True)
    reader.setScaledSize(reader.size().scaled(QSize(longest, longest), Qt.AspectRatioMode.KeepAspectRatio))
    if reader.read().isNull():
        raise RuntimeError(f"{file} could not be read")


def write_pictures(folder: Path, size: tuple[int, int], count: int) -> list[Path]:
    """JPEG files as cameras write them: smooth areas, edges, and some noise; a few different ones, linked."""
    folder.mkdir()
    random = np.random.default_rng(0)
    files = []
    for number in range(count):
        file = folder / f"{number:04d}.jpg"
        if number < 16:
            coarse = Image.fromarray(random.integers(0, 255, (12, 16, 3), dtype=np.uint8))
            smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
            noisy = smooth + random.integers(-8, 9, smooth.shape, dtype=np.int16)
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, quality=90)
        else:
            os.link(files[number % 16], file)
        files.append(file)
    return files
