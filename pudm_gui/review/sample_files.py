"""The generated images of an evaluation, paired by their seed. Read them off the GUI thread."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from training.runs import RunFolder

SENSITIVE_FROM = 0.5
"""A judgment above this calls an image sensitive."""


class Order(Enum):
    """Which pairs come first."""

    SEED = "seed"
    AFTER = "after"
    """The most sensitive of the new model."""
    BEFORE = "before"
    """The most sensitive of the model from before."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image. `judgment` is how sensitive the judge found it, in [0, 1]; None where that is not known."""

    file: Path
    judgment: float | None = None

    @property
    def sensitive(self) -> bool:
        return self.judgment is not None and self.judgment > SENSITIVE_FROM


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """`before[i]` and `after[i]` come from the same seed; `before` is empty where there is no model from before."""

    before: tuple[Sample, ...] = ()
    after: tuple[Sample, ...] = ()
    conditions: tuple[str | int, ...] = ()
    """The caption or class of each pair; empty for unconditional models."""

    @property
    def judged(self) -> bool:
        return any(sample.judgment is not None for sample in self.after)

    def ordered(self, order: Order) -> SampleFiles:
        """The same pairs in another order; equals stay in the order of their seeds."""
        key = self.before if order is Order.BEFORE else self.after
        if order is Order.SEED or not key:
            return self
        places = sorted(range(len(self.after)), key=lambda place: -(key[place].judgment or 0.0))
        return SampleFiles(
            tuple(self.before[place] for place in places) if self.before else (),
            tuple(self.after[place] for place in places),
            tuple(self.conditions[place] for place in places) if self.conditions else (),
        )


def sample_files(run: RunFolder) -> SampleFiles:
    """List `evaluation/before` and `evaluation/after` by name; an image without a partner is left out."""
    judgments = _judgments(run.evaluation / "judgments.json")
    before = _samples(run.evaluation / "before", judgments.get("before"))
    after = _samples(run.evaluation / "after", judgments.get("after"))
    names = sorted(after.keys() & before.keys() if before else after.keys())
    conditions = judgments.get("conditions")
    known = isinstance(conditions, list) and len(conditions) == len(names) == len(after)
    return SampleFiles(
        tuple(before[name] for name in names if before),
        tuple(after[name] for name in names),
        tuple(conditions) if known and isinstance(conditions, list) else (),
    )


def _samples(folder: Path, judgments: Any) -> dict[str, Sample]:
    files = sorted(folder.glob("*.png"))
    if not isinstance(judgments, list) or len(judgments) != len(files):
        judgments = [None] * len(files)
    return {file.name: Sample(file, judgment) for file, judgment in zip(files, judgments, strict=True)}


def _judgments(file: Path) -> dict[str, Any]:
    try:
        decoded = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):  # they only mark images; the verdict stands without
        return {}
    return decoded if isinstance(decoded, dict) else {}
