"""`report.json`: what was measured on a finished run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from training.atomic import write_atomic
from training.errors import UserError


class Report(BaseModel):
    """Figures of one evaluation. "before" is the base model, absent for a run from scratch."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    version: Literal[1] = 1
    nsr: float
    """Non-sensitive rate: the share of generated images that the judge calls normal, in [0, 1]."""
    nsr_interval: tuple[float, float]
    """95 % interval."""
    nsr_before: float | None
    nsr_before_interval: tuple[float, float] | None
    nsr_judge: Literal["truth", "labels"]
    """"truth": a classifier trained on `--truth`; "labels": a positive-unlabeled one from the curator's labels."""
    judge_accuracy: float | None
    """Balanced accuracy on truth images that the judge was not trained on; null for "labels"."""
    judge_note: str
    """One sentence about what the judge is, what it was trained on and how far to trust it."""
    fid: float | None
    """Fréchet distance to normal images; null, with the reason in `fid_note`, where it cannot be computed."""
    fid_before: float | None
    fid_features: str
    """Which features the Fréchet distance is on, with their dimension."""
    fid_reference: str
    """Which images it is measured against, and how many."""
    fid_note: str
    n_samples: int
    sampling_steps: int
    evaluation_seed: int
    weights: Literal["ema", "raw"]
    beta: float
    beta_source: str
    objective: str
    correction: str
    reduction: str
    label_counts: dict[str, int]
    seed: int
    steps: int
    images_per_second: float | None
    """Training speed, median over the run."""
    created: str
    """UTC, ISO 8601."""

    def save(self, path: Path) -> None:
        write_atomic(path, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Report:
        """Raises ``UserError`` where there is no readable report."""
        try:
            return cls.model_validate(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            raise UserError(f"{path.parent} has not been evaluated yet; run pudm evaluate on it first.") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read ({error}); evaluate the run again.") from None
