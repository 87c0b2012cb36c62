"""The generated images of an evaluation, paired by their seed. Reads folders: call it off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.runs import RunFolder


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """`before[i]` and `after[i]` come from the same seed; `before` is empty where there is no model from before."""

    before: tuple[Path, ...]
    after: tuple[Path, ...]


def sample_files(run: RunFolder) -> SampleFiles:
    """List `evaluation/before` and `evaluation/after`; without a partner an image is left out."""
    before = {path.name: path for path in (run.evaluation / "before").glob("*.png")}
    after = {path.name: path for path in (run.evaluation / "after").glob("*.png")}
    names = sorted(after.keys() & before.keys() if before else after.keys())
    return SampleFiles(tuple(before[name] for name in names if before), tuple(after[name] for name in names))
