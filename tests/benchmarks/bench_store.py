"""How fast the store is: ``python -m tests.benchmarks.bench_store [--images N] [--inspect]``.

Writes N small files into a temporary folder, so the first scan is measured with the folder in the file system's cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pudm_gui.project.images import counts, image_ids, image_rows, labels_for
from pudm_gui.project.labels import redo, set_label, undo
from pudm_gui.project.model import ImageFilter, Label
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import ScanProgress, scan
from tests.bad_corpus import scene

PER_FOLDER = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--inspect", action="store_true", help="also hash and decode every file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place) / "corpus"
        write_corpus(corpus, options.images)
        measure(Path(place) / "bench.pudm", corpus, options)


def measure(path: Path, corpus: Path, options: argparse.Namespace) -> None:
    n = options.images
    say("bare os.scandir and stat", min(timed(lambda: bare_walk(corpus)) for _ in range(3)), n)
    with Project.create(path) as project:
        add_root(project, corpus)
        with Ticker() as ticker:
            say("scan, new files", first_pass(project), n)
        print(f"    longest wait of another thread for a tick of 1 ms meanwhile: {1e3 * ticker.longest:.1f} ms")
        assert counts(project).total == n
        with project.writing() as db:  # as though inspected
            if not options.inspect:
                db.execute("UPDATE images SET state = 1, width = 64, height = 32, sha256 = printf('%064x', id)")
        if options.inspect:
            with Ticker() as ticker:
                say("scan, hash and decode", timed(lambda: scan(project)), n)
            print(f"    longest wait of another thread for a tick of 1 ms meanwhile: {1e3 * ticker.longest:.1f} ms")
        say("scan, nothing new", timed(lambda: scan(project)), n)
    say("open", median(lambda: Project.open(path).close()))
    with Project.open(path) as project:
        questions(project)
        labels(project, n)


def questions(project: Project) -> None:
    ids = image_ids(project)
    say("image_ids, all", median(lambda: image_ids(project)))
    say("image_ids, unlabeled", median(lambda: image_ids(project, ImageFilter("unlabeled"))))
    say("image_ids, text search", median(lambda: image_ids(project, ImageFilter(text="T 3/img"))))
    say("image_rows, 200", median(lambda: image_rows(project, ids[:200])))
    say("labels_for, all", median(lambda: labels_for(project, ids)))
    say("counts", median(lambda: counts(project)))


def labels(project: Project, n: int) -> None:
    """Each on the disk when it returns."""
    ids = image_ids(project)
    say("label 1 image", median(lambda: (set_label(project, ids[:1], Label.SENSITIVE), undo(project)), 20) / 2)
    for size in (10_000, 100_000):
        if size <= n:
            say(
                f"label {size:,} images", timed(lambda size=size: set_label(project, ids[:size], Label.SENSITIVE)), size
            )
            say(f"undo {size:,} images", timed(lambda: undo(project)), size)
            say(f"redo {size:,} images", timed(lambda: redo(project)), size)
    say("image_ids, sensitive, with these", median(lambda: image_ids(project, ImageFilter("sensitive"))))
    say("counts, with these", median(lambda: counts(project)))


class Ticker:
    """Stands for the window: a thread that wants the interpreter every millisecond, and notes how long it waited."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Ticker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            started = time.perf_counter()
            time.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - started - 0.001)


def write_corpus(folder: Path, images: int) -> None:
    folder.mkdir()
    picture = folder.parent / "picture.png"
    scene().save(picture)
    data = picture.read_bytes()
    for number in range(images):
        place = folder / f"shoot {number // PER_FOLDER}"
        if number % PER_FOLDER == 0:
            place.mkdir()
        (place / f"IMG_{number % PER_FOLDER}.png").write_bytes(data + number.to_bytes(4, "big"))


def bare_walk(folder: Path) -> int:
    total, pending = 0, [os.fspath(folder)]
    while pending:
        with os.scandir(pending.pop()) as listing:
            for entry in listing:
                if entry.is_dir():
                    pending.append(entry.path)
                else:
                    entry.stat()
                    total += 1
    return total


def first_pass(project: Project) -> float:
    """Seconds until every new file is in the store; the look into them is cut off."""
    started, ended = time.perf_counter(), []

    def progress(told: ScanProgress) -> None:
        if told.phase == "inspect":
            ended.append(time.perf_counter() - started)

    scan(project, progress=progress, cancelled=lambda: bool(ended))
    return ended[0]


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def median(action: Callable[[], object], times: int = 7) -> float:
    return statistics.median(timed(action) for _ in range(times))


def say(what: str, seconds: float, items: int = 0) -> None:
    rate = f"{items / seconds:14,.0f} a second" if items else ""
    print(f"{what:34} {1e3 * seconds:10,.1f} ms{rate}", flush=True)


if __name__ == "__main__":
    main()
