"""The second half of a scan: looking into files that are new or changed."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from pudm_gui.project.project import Project
from training.images import ImageError, verify

GONE = "The file is no longer there."
CHUNK = 1 << 20
FETCH = 500
WRITE_SECONDS = 0.1
"""How long results are held back to be written together."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in one file; `width` and `height` are 0 where there is a problem."""

    image_id: int
    width: int
    height: int
    format: str
    sha256: str
    problem: str | None


def inspect_all(
    project: Project, db: sqlite3.Connection, progress: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> int:
    """Inspect every image that needs it on a few threads, and write the findings through `db`.

    Returns
    -------
    The number of images inspected.
    """
    total = db.execute("SELECT count(*) FROM images WHERE state = 0").fetchone()[0]
    progress(0, total)
    # Reading and decoding happen outside of Python's lock; a core stays free for the window.
    workers = min(4, max(1, (os.cpu_count() or 2) - 1))
    pool = ThreadPoolExecutor(workers, thread_name_prefix="inspect")
    running: set[Future[Inspection]] = set()
    found: list[Inspection] = []
    done, written = 0, time.monotonic()
    try:
        waiting = _to_inspect(db)
        while not cancelled():
            while len(running) < 2 * workers and (next_ := next(waiting, None)) is not None:
                running.add(pool.submit(_inspect, *next_, cancelled))
            if not running:
                break
            finished, running = wait(running, timeout=WRITE_SECONDS, return_when=FIRST_COMPLETED)
            found += [future.result() for future in finished]
            if time.monotonic() - written >= WRITE_SECONDS:
                done += _write(project, db, found)
                found, written = [], time.monotonic()
                progress(done, total)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if not cancelled():
        done += _write(project, db, found)
        progress(done, total)
    return done


def file_digest(path: Path, cancelled: Callable[[], bool]) -> str | None:
    """The SHA-256 of a file's content; None where it cannot be read, or once `cancelled`."""
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                if cancelled():
                    return None
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()


def _to_inspect(db: sqlite3.Connection) -> Iterator[tuple[int, Path]]:
    last = 0
    while rows := db.execute(
        """SELECT images.id, roots.path, images.path FROM images JOIN roots ON roots.id = root_id
        WHERE state = 0 AND images.id > ? ORDER BY images.id LIMIT ?""",
        (last, FETCH),
    ).fetchall():
        for id_, root, path in rows:
            yield id_, Path(root, path)
        last = rows[-1][0]


def _inspect(image_id: int, path: Path, cancelled: Callable[[], bool]) -> Inspection:
    try:
        info = verify(path)
    except ImageError as error:
        # Never wait for a pipe. Path.is_file would raise where the folder may not be entered.
        digest = file_digest(path, cancelled) if os.path.isfile(path) else None  # noqa: PTH113
        return Inspection(image_id, 0, 0, "", digest or "", str(error))
    digest = file_digest(path, cancelled)
    return Inspection(image_id, info.width, info.height, info.format, digest or "", None)


def _write(project: Project, db: sqlite3.Connection, found: list[Inspection]) -> int:
    if found:
        with project.writing(db):
            db.executemany(
                """UPDATE images SET state = 1, width = :width, height = :height, format = :format, sha256 = :sha256,
                problem = :problem, former_sha256 = iif(:sha256 = '', former_sha256, ''),
                changed = changed OR (former_sha256 NOT IN ('', :sha256) AND :sha256 <> ''
                    AND EXISTS (SELECT 1 FROM labels WHERE labels.image_id = images.id))
                WHERE id = :image_id AND state = 0""",
                [asdict(each) for each in found],
            )
    return len(found)
