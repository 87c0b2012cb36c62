"""How fast the store is: ``python -m tests.benchmarks.bench_store [--images N] [--folder PLACE] [--kills ROUNDS]``.

Works on real files, hard links to 20,000 different pictures. They and the database are in the file system's cache.
What a scan finds out by reading the files is made up, but for ``--inspect``. With ``--kills``, nothing else: as many
processes are killed while they label, tag, import, revert and scan, and what is left is compared with what they showed.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from pudm_gui.project.exchange.importing import import_labels
from pudm_gui.project.facets import facets
from pudm_gui.project.images import counts, image_ids, image_rows, labels_for
from pudm_gui.project.labels import redo, set_label, undo
from pudm_gui.project.model import ImageFilter, Label, Listing
from pudm_gui.project.project import Project
from pudm_gui.project.reverting import revert
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import ScanProgress, scan
from pudm_gui.project.tags import tag_images
from tests.benchmarks.million import FIRST_DAY, make_images
from tests.benchmarks.old_project import write_old_project
from tests.benchmarks.timing import Curator, Watch, median, say, timed

DAY = 86_400


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the images are, or shall be kept for the next time")
    parser.add_argument("--inspect", action="store_true", help="also hash and decode every file")
    parser.add_argument("--kills", type=int, default=0, help="kill so many processes, and do nothing else")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        if options.kills:
            return kill(Path(place), options.kills)
        images = make_images(options.folder or Path(place), options.images)
        path = Path(place, "bench.pudm")
        scans(path, images, options)
        opening(path)
        with Project.open(path) as project:
            questions(project)
            labels(project)
            table(project, Path(place, "labels.csv"))
        migration(Path(place, "old.pudm"), options.images)
    print(f"largest memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    return 0


def scans(path: Path, images: Path, options: argparse.Namespace) -> None:
    n = options.images
    bare = min(timed(lambda: bare_walk(images)) for _ in range(2))
    say("bare os.scandir and stat", bare, n)
    with Project.create(path.with_stem("labeled-meanwhile")) as project:
        add_root(project, images)
        with Curator(project) as curator:
            say("scan, new files, while labeling", first_pass(project), n)
        print(f"    {curator}")
    with Project.create(path) as project:
        add_root(project, images)
        first = first_pass(project)
        bare = min(bare, timed(lambda: bare_walk(images)))
        say("scan, new files", first, n)
        print(f"    {bare / first:.2f} of the bare walk")
        assert counts(project).total == n
        if options.inspect:
            say("scan, hash and decode", timed(lambda: scan(project)), n)
        with project.writing() as db:
            db.execute(
                """UPDATE images SET state = 1, width = 100 + id * 7919 % 900, height = 100 + id * 104729 % 800,
                format = 'JPEG', sha256 = printf('%064x', id) WHERE state = 0"""
            )
        again = timed(lambda: scan(project))
        bare = min(bare, timed(lambda: bare_walk(images)))
        say("scan, nothing new", again, n)
        print(f"    {bare / again:.2f} of the bare walk")


def opening(path: Path) -> None:
    def first_ids() -> None:
        with Project.open(path) as project:
            image_ids(project)

    say("open, list all, order not kept yet", timed(first_ids))
    say("open, list all", median(first_ids))


def questions(project: Project) -> None:
    ids = image_ids(project)
    spread_labels(project)
    chosen = Listing("some", ids[::10].copy())
    conditions: dict[str, dict[str, object]] = {
        "unlabeled": {"show": "unlabeled"},
        "sensitive": {"show": "sensitive"},
        "text, few": {"text": "0012345"},
        "text, all": {"text": "IMG_"},
        "tag": {"tags": ("face",)},
        "untagged": {"untagged": True},
        "source": {"sources": ("import",)},
        "annotator": {"annotators": ("bob",)},
        "folder": {"folder": "0007"},
        "size": {"size": (3000, None)},
        "modified": {"modified": (FIRST_DAY + 2 * DAY, FIRST_DAY + 4 * DAY)},
        "shorter side": {"edge": (512, None)},
        "changed": {"changed": True},
        "within a listing of a tenth": {"within": chosen},
        "six of them": {
            "show": "sensitive", "text": "img", "annotators": ("bob",), "size": (2000, None), "edge": (200, None),
            "sort": "size",
        },
    }  # fmt: skip
    for name, condition in conditions.items():
        asked = ImageFilter(**condition)  # type: ignore[arg-type]
        found = len(image_ids(project, asked))
        say(f"filter: {name}", median(lambda asked=asked: image_ids(project, asked)), note=f"{found:,} images")
    for sort in ("path", "name", "size", "modified", "resolution", "labeled"):
        asked = ImageFilter(sort=sort, descending=True)
        say(f"sort: {sort}, first time", timed(lambda asked=asked: image_ids(project, asked)))
        say(f"sort: {sort}", median(lambda asked=asked: image_ids(project, asked)))
    say("labels of all", median(lambda: labels_for(project, ids)))
    say("rows of 200", median(lambda: image_rows(project, ids[:200])))
    say("counts", median(lambda: counts(project)))
    say("what there is to filter by", median(lambda: facets(project), 3))
    with Watch() as watch:
        for condition in conditions.values():
            image_ids(project, ImageFilter(**condition))  # type: ignore[arg-type]
    print(f"    longest wait of another thread for a tick of 1 ms while filtering: {1e3 * watch.longest:.1f} ms")


def spread_labels(project: Project) -> None:
    """A tenth labeled, by two people, from two sources, some with tags."""
    ids = np.arange(1, counts(project).total + 1)
    for turn, (annotator, source) in enumerate((("ann", "hand"), ("bob", "import"))):
        project.annotator = annotator
        set_label(project, ids[turn::40], Label.SENSITIVE, source)
        set_label(project, ids[turn + 2 :: 40], Label.NORMAL, source)
        tag_images(project, ids[turn::80], added=["face"])


def labels(project: Project) -> None:
    """Each on the disk when it returns."""
    ids = image_ids(project)
    say("label 1 image", median(lambda: (set_label(project, ids[:1], Label.NORMAL), undo(project)), 20) / 2)
    for size in (10_000, 100_000):
        some = np.sort(np.random.default_rng(size).choice(ids, min(size, len(ids)), replace=False))
        for name, these in ((f"{size:,} in a row", ids[: len(some)]), (f"{size:,} anywhere", some)):
            say(f"label {name}", timed(lambda these=these: set_label(project, these, Label.SENSITIVE)), size)
            say(f"undo {name}", timed(lambda: undo(project)), size)
            say(f"redo {name}", timed(lambda: redo(project)), size)
            say(f"tag {name}", timed(lambda these=these: tag_images(project, these, added=["beach"])), size)
            last = project.db.execute("SELECT max(id) FROM actions WHERE kind = 'label'").fetchone()[0]
            say(f"revert {name}", timed(lambda last=last: revert(project, last)), size)


def table(project: Project, file: Path) -> None:
    """Every image gets a label from a table."""
    ids = image_ids(project)
    paths = [path for (path,) in project.db.execute("SELECT path FROM images ORDER BY id")]
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("path", "label"))
        rows.writerows((path, ("sensitive", "normal")[n % 2]) for n, path in enumerate(paths))
    with Watch() as watch:
        seconds = timed(lambda: import_labels(project, file))
    say("import of a table with all", seconds, len(ids))
    print(f"    longest wait of another thread for a tick of 1 ms meanwhile: {1e3 * watch.longest:.1f} ms")
    say("undo of it", timed(lambda: undo(project)), len(ids))


def migration(path: Path, images: int) -> None:
    rows = write_old_project(path, images)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    say("bring format 2 up to date", timed(lambda: Project.open(path).close()), note=f"{rows:,} rows of history")
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(f"    with {more} MB more memory than anything before")


def kill(place: Path, rounds: int) -> int:
    from tests.pudm_gui.project import busy_curator

    images = make_images(place, 200)
    path = place / "killed.pudm"
    with Project.create(path) as project:
        add_root(project, images)
        scan(project)
    moments, lost = random.Random(0), 0
    for turn in range(rounds):
        told = busy_curator.killed(path, turn, moments.uniform(0.0, 1.0))
        for wrong in busy_curator.what_is_lost(path, told):
            lost += 1
            print(f"round {turn}: {wrong}")
    with Project.open(path) as project:
        acts = project.db.execute("SELECT count(*) FROM actions").fetchone()[0]
        print(f"{rounds} kills, {acts:,} actions, {counts(project).total:,} images: {lost} times something was lost")
    return 1 if lost else 0


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


if __name__ == "__main__":
    sys.exit(main())
