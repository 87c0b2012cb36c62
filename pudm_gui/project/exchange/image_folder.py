"""A folder whose subfolders are named after labels, or after tags: ``sensitive/beach/1.jpg``, ``face/2.jpg``.

Images in ``sensitive``, ``normal`` and ``unlabeled`` (whatever the case) get that label; in any other folder they get
its name as a tag on top of those that they have, and keep their label. What lies below is the image's own path.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pudm_gui.project.exchange.rows import Problem, Row
from pudm_gui.project.model import Label
from pudm_gui.project.walk import Walk

LABELS: dict[str, Label] = {label.word: label for label in Label}


def read(folder: Path, advanced: Callable[[int], object]) -> Iterator[Row | Problem]:
    """A row for each image below `folder`; `advanced` is called with the number of images so far."""
    walk = Walk(folder)
    for number, found in enumerate(walk, 1):
        advanced(number)
        top, _, rest = found.path.partition("/")
        if not rest:
            yield Problem(found.path, " is in no subfolder, so it gets no label; move it into one or away.")
            continue
        label = LABELS.get(top.strip().lower())
        tags = None if label is not None else (top,)
        yield Row(0, rest, label, tags, file=folder / found.path, size=found.size, mtime_ns=found.mtime_ns)
    for problem in walk.problems:
        yield Problem(os.fspath(folder), f": {problem}")
