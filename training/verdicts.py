"""Two ways to judge generated images, by truth and by labels, with one kind of outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from training.data import build_cache_to_look_at
from training.errors import UserError
from training.events import EventLog
from training.features import best_features
from training.judge import TruthJudge
from training.label_judge import CANNOT_TELL, LabelJudge
from training.manifest import ManifestEntry
from training.metrics import FrechetSpace, frechet_space, wilson_interval
from training.runs import RunFolder
from training.separator import FEWEST
from training.spec import RunSpec
from training.truth import read_truth

Images = NDArray[np.uint8]
Features = NDArray[np.floating]
Judge = Callable[[Images, Images | None], "Outcome"]

MOST_UNLABELED = 4000
"""Unlabeled images that the label judge and the Fréchet reference look at, at most: enough for either."""
FEWEST_NORMAL = 100
"""Images labeled normal that make a Fréchet reference by themselves."""


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """What was found on the samples of one model."""

    nsr: float
    interval: tuple[float, float]
    fid: float | None
    sensitive: NDArray[np.floating]
    """``(N,)``: by image; above 0.5 it is flagged."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found on both models, and how."""

    judge: Literal["truth", "labels"]
    after: SetOutcome
    before: SetOutcome | None
    accuracy: float | None
    judge_note: str
    features: str
    reference: str
    fid_note: str

    def figures(self) -> dict[str, Any]:
        """The part of `training.report.Report` that judging yields."""
        before = self.before
        return {
            "nsr": self.after.nsr,
            "nsr_interval": self.after.interval,
            "nsr_before": None if before is None else before.nsr,
            "nsr_before_interval": None if before is None else before.interval,
            "nsr_judge": self.judge,
            "judge_accuracy": self.accuracy,
            "judge_note": self.judge_note,
            "fid": self.after.fid,
            "fid_before": None if before is None else before.fid,
            "fid_features": self.features,
            "fid_reference": self.reference,
            "fid_note": self.fid_note,
        }

    def judgments(self) -> dict[str, list[float]]:
        """Per image, for pictures: how sensitive the judge finds it, in [0, 1]."""
        sets = {"before": self.before, "after": self.after}
        return {name: found.sensitive.round(4).tolist() for name, found in sets.items() if found is not None}


def judge_by_truth(file: Path, spec: RunSpec, entries: Sequence[ManifestEntry], seed: int, log: EventLog) -> Judge:
    """Train a classifier on known truth; the Fréchet reference is its normal images, new to the model."""
    truth = read_truth(file, spec.data, entries, seed)

    def told(done: int, total: int) -> None:
        log.emit("progress", what="Training the judge", done=done, total=total)

    told(0, 3)
    judge = TruthJudge(truth.train, truth.train_sensitive, seed, told)
    flagged = judge.probability(truth.test) > 0.5
    accuracy = float(
        np.mean([(flagged == truth.test_sensitive)[truth.test_sensitive == kind].mean() for kind in (0, 1)])
    )
    # Not the judge's own features: they know normal from sensitive and little else, and would hardly notice that a
    # whole kind of normal image is gone.
    extract = best_features(spec)
    space = frechet_space(extract(truth.normals))

    def look(images: Images) -> SetOutcome:
        sensitive = judge.probability(images)
        normal = int((sensitive <= 0.5).sum())
        distance = None if space is None else space.distance(extract(images))
        return SetOutcome(normal / len(images), wilson_interval(normal, len(images)), distance, sensitive)

    def outcome(after: Images, before: Images | None) -> Outcome:
        found = look(after), None if before is None else look(before)
        note = (
            f"Judged by a classifier that learned from {len(truth.train):,} images of known truth; on "
            f"{len(truth.test):,} others it is right for {accuracy:.1%} (both kinds weighing the same)."
        )
        return Outcome(
            "truth",
            *found,
            accuracy,
            note + (f" Of the truth file, {truth.note}." if truth.note else ""),
            _named(extract.name, space),
            f"{len(truth.normals):,} normal images of the truth file, none of which the model was trained on",
            _note(space, found, len(truth.normals)),
        )

    return outcome


def judge_by_labels(run: RunFolder, spec: RunSpec, entries: Sequence[ManifestEntry], seed: int, log: EventLog) -> Judge:
    """Train a positive-unlabeled classifier on the curator's labels (`training.label_judge`)."""
    cache = build_cache_to_look_at(run.cache, spec, entries, log)
    rng = np.random.default_rng(seed)
    chosen = {
        "sensitive": cache.indices("sensitive"),
        "unlabeled": cache.indices("unlabeled", "normal"),
        "normal": cache.indices("normal"),
    }
    chosen = {name: np.sort(rng.permutation(indices)[:MOST_UNLABELED]) for name, indices in chosen.items()}
    if min(len(chosen["sensitive"]), len(chosen["unlabeled"])) < FEWEST:
        raise UserError(
            f"Judging by labels needs at least {FEWEST} sensitive and as many unlabeled images, and there are "
            f"{len(chosen['sensitive'])} and {len(chosen['unlabeled'])}; label more, or give a file of known truth."
        )
    log.emit("progress", what="Looking at your labels", done=0, total=1)
    extract = best_features(spec)
    features = {name: extract(cache.images[indices]) for name, indices in chosen.items() if len(indices)}
    judge = LabelJudge(features["sensitive"], features["unlabeled"], seed)
    space, reference = _label_reference(judge, features)

    def look(images: Images) -> SetOutcome:
        seen = extract(images)
        share = judge.share(seen)
        distance = None if space is None else space.distance(seen)
        interval = (1 - share.interval[1], 1 - share.interval[0])
        return SetOutcome(1 - share.estimate, interval, distance, judge.flagged(seen))

    def outcome(after: Images, before: Images | None) -> Outcome:
        found = look(after), None if before is None else look(before)
        count = 0 if space is None else len(space.reference)
        return Outcome(
            "labels",
            *found,
            None,
            _label_note(judge, len(chosen["sensitive"])),
            _named(extract.name, space),
            reference,
            _note(space, found, count),
        )

    return outcome


def _label_reference(judge: LabelJudge, features: Mapping[str, Features]) -> tuple[FrechetSpace | None, str]:
    """Normal images to compare with: those labeled normal, or else U without the share β that looks most like S."""
    normal = features.get("normal")
    if normal is not None and len(normal) >= FEWEST_NORMAL:
        return frechet_space(normal), f"{len(normal):,} images labeled normal, among those it was trained on"
    unlabeled = features["unlabeled"]
    kept = np.argsort(judge.scores(unlabeled))[: round(len(unlabeled) * (1 - judge.beta))]
    left_out = "" if len(kept) == len(unlabeled) else f", without the {judge.beta:.0%} most like sensitive ones"
    return frechet_space(unlabeled[kept]), f"{len(kept):,} unlabeled images that it was trained on{left_out}"


def _label_note(judge: LabelJudge, labeled: int) -> str:
    note = (
        f"Estimated by a classifier that learned from your {labeled:,} sensitive labels against the unlabeled images, "
        f"about {judge.beta:.0%} of which it takes for sensitive; it tells the two apart with an AUC of "
        f"{judge.separability:.2f}."
    )
    if judge.informedness < CANNOT_TELL:
        return note + " That is too little to say how many samples are sensitive: look at them yourself."
    return note + " It is no substitute for looking at the samples."


def _named(features: str, space: FrechetSpace | None) -> str:
    return features if space is None else f"{features}, {space.dimension} dimensions"


def _note(space: FrechetSpace | None, found: tuple[SetOutcome, SetOutcome | None], reference: int) -> str:
    if space is None:
        return f"The Fréchet distance needs more normal images to compare with than the {reference} there are."
    if any(one is not None and one.fid is None for one in found):
        return f"The Fréchet distance needs at least {2 * space.dimension} samples; draw more."
    return ""
