"""How fast labels go in and out: ``python -m tests.benchmarks.bench_exchange [--images N]``.

The project has N rows in its database and no files, which a table does not need. Every third image has a label already,
every tenth row of the table has tags, and a tenth of its paths are found by content alone.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pudm_gui.project.exchange.exporting import export
from pudm_gui.project.exchange.importing import apply, preview_import
from pudm_gui.project.exchange.matching import CancelledError
from pudm_gui.project.images import image_ids
from pudm_gui.project.labels import redo, set_label, undo
from pudm_gui.project.model import Label
from pudm_gui.project.paths import sort_key
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from tests.benchmarks.timing import Watch

PER_FOLDER = 500
LABELS = ("sensitive", "normal", "unlabeled")


@contextmanager
def told(what: str) -> Iterator[None]:
    """Print what a block takes: seconds, those of the processor, memory, and the patience of another thread."""
    with Watch() as watch:
        started, worked = time.perf_counter(), time.process_time()
        yield
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
    print(
        f"{what:<24} {seconds:8.2f} s  {worked:8.2f} s of CPU  {watch.most:7.0f} MB more, another thread waited "
        f"{1e3 * watch.longest:.0f} ms",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    count = parser.parse_args().images
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "corpus").mkdir()
        with Project.create(folder / "bench.pudm", annotator="bench") as project:
            fill(project, folder / "corpus", count)
            set_label(project, image_ids(project)[::3], Label.SENSITIVE)
            table = folder / "labels.csv"
            write_table(table, count)
            measure(project, table, count)


def measure(project: Project, table: Path, count: int) -> None:
    with told("csv.reader alone"), table.open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == count + 1
    with told("preview"):
        plan = preview_import(project, table)
    assert plan.rows == count and not plan.unknown.count and not plan.problems.count, plan.problems.first[:3]
    assert plan.by_content == count // 10
    print(f"    {len(plan.changed):,} images change, {len(plan.tags.added.ids):,} tags put on")
    print(f"    waiting for a cancelled preview to end: {1e3 * cancelled(project, table):.0f} ms")
    with told("import"):
        changes = apply(project, plan)
    assert sum(change.count for change in changes) == len(plan.changed)
    with told("undo"):
        undo(project)
    with told("redo"):
        redo(project)
    for name in ("out.csv", "out.jsonl"):
        with told(f"export {name}"):
            written = export(project, table.with_name(name)).written
        print(f"    {written:,} rows")


def cancelled(project: Project, table: Path, after: float = 1.0) -> float:
    """Seconds from wanting to cancel to the end."""
    started = time.perf_counter()
    try:
        preview_import(project, table, cancelled=lambda: time.perf_counter() - started > after)
    except CancelledError:
        return time.perf_counter() - started - after
    return 0.0


def path_of(number: int) -> str:
    return f"part {number // PER_FOLDER}/img{number}.png"


def digest_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def fill(project: Project, corpus: Path, count: int) -> None:
    root = add_root(project, corpus).id
    with project.writing() as db:
        db.executemany(
            """INSERT INTO images (root_id, path, size, mtime_ns, state, width, height, format, sha256, sort_key)
            VALUES (?, ?, 1000, 0, 1, 64, 64, 'PNG', ?, ?)""",
            ((root, path := path_of(n), digest_of(n), sort_key(path)) for n in range(count)),
        )


def write_table(path: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    words = [LABELS[n] for n in rng.integers(0, 3, count)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "tags", "sha256"])
        for number in rng.permutation(count).tolist():
            name = path_of(number) if number % 10 else f"elsewhere/{number}.png"
            tags = f"kind {number % 50};second" if number % 10 == 3 else ""
            writer.writerow([name, words[number], tags, digest_of(number)])


if __name__ == "__main__":
    main()
