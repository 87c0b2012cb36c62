"""A corpus of up to millions of real JPEG files and a project of it, made in minutes: for the benchmarks.

    python -m tests.benchmarks.million FOLDER [--images 1000000]

The files are hard links to 20,000 different pictures; as links, they cost a directory entry each and no space.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pudm_gui.project.project import Project

DISTINCT = 20_000
PER_FOLDER = 1000
NAME = "img_{:07d}.jpg"
WIDTHS, HEIGHTS = (240, 320, 400), (180, 240, 300)
FIRST_DAY = 1_600_000_000
"""UNIX seconds: when the first picture was taken; each next one is a minute later."""


def make_images(folder: Path, count: int, distinct: int = DISTINCT) -> Path:
    """Write `count` files, as far as they are not there yet.

    Returns
    -------
    The folder of the files: 1,000 in each folder below it. File n has picture n modulo `distinct`.
    """
    images, originals = folder / "images", folder / "originals"
    if images.exists():
        return images
    distinct = min(distinct, count)
    originals.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda number: _draw(originals / NAME.format(number), number), range(distinct)))
    half = folder / "images.part"  # a folder that was cut off is not taken for a whole one
    for number in range(count):
        place = half / f"{number // PER_FOLDER:04d}"
        if number % PER_FOLDER == 0:
            place.mkdir(parents=True)
        os.link(originals / NAME.format(number % distinct), place / NAME.format(number))
    half.rename(images)
    return images


def make_project(path: Path, images: Path, *, inspected: bool = True) -> None:
    """A project of `images`, found by a real scan.

    The scan's second half, which decodes and hashes every file, takes minutes for a million. So each different picture
    is looked at once, and what was found is written to all its links; with `inspected` false that is left to do.
    """
    from pudm_gui.project.project import Project
    from pudm_gui.project.roots import add_root
    from pudm_gui.project.scan import ScanProgress, scan

    finding = True

    def watch(progress: ScanProgress) -> None:
        nonlocal finding
        finding = progress.phase == "find"

    with Project.create(path) as project:
        add_root(project, images)
        scan(project, progress=watch, cancelled=lambda: not finding)
        if inspected:
            _write_findings(project, images.parent / "originals")


def _write_findings(project: Project, originals: Path) -> None:
    files = sorted(originals.iterdir())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(_look_into, files))
    with project.writing() as db:
        db.execute("CREATE TEMP TABLE found (number INTEGER PRIMARY KEY, width, height, sha256)")
        db.executemany("INSERT INTO found VALUES (?, ?, ?, ?)", [(n, *each) for n, each in enumerate(found)])
        db.execute(
            """UPDATE images SET state = 1, format = 'JPEG',
            width = found.width, height = found.height, sha256 = found.sha256
            FROM found WHERE number = CAST(substr(images.path, -11, 7) AS INTEGER) % ?""",
            (len(files),),
        )
        db.execute("DROP TABLE found")


def _draw(file: Path, number: int) -> None:
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 255, (6, 8, 3), dtype=np.uint8))
    size = (WIDTHS[number % len(WIDTHS)], HEIGHTS[number // 7 % len(HEIGHTS)])
    coarse.resize(size, Image.Resampling.BICUBIC).save(file, quality=85)
    os.utime(file, (FIRST_DAY + 60 * number,) * 2)


def _look_into(file: Path) -> tuple[int, int, str]:
    with Image.open(file) as picture:
        size = picture.size
    return *size, hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1_000_000)
    options = parser.parse_args()
    started = time.perf_counter()
    images = make_images(options.folder, options.images)
    written = time.perf_counter()
    make_project(options.folder / "bench.pudm", images)
    print(f"files: {written - started:.0f} s, project: {time.perf_counter() - written:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
