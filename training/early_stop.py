"""Ending a run once its samples are good enough, as the curator's own labels tell (`training.label_judge`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.atomic import atomic_folder
from training.checkpoint import latest_checkpoint, load_state
from training.data import build_cache, cache_key
from training.errors import UserError
from training.events import EventLog
from training.features import FeatureExtractor, best_features
from training.label_judge import CANNOT_TELL, LabelJudge
from training.manifest import Label, ManifestEntry
from training.runs import RunFolder
from training.separator import FEWEST
from training.spec import RunSpec

MOST_IMAGES = 2000
"""Of S and of U each: the judge is fitted before training starts, and looks at every preview."""
Labels = tuple[Label, ...]
KINDS: dict[str, Labels] = {"sensitive": ("sensitive",), "others": ("unlabeled", "normal")}
IN_A_ROW = 2
"""Previews that must reach the target: one alone may by chance."""
WHAT = "Learning to judge previews by your labels"


class StopAtRate:
    """Measures the non-sensitive share of each preview's samples.

    The judge is fitted once, on features of the base model or of Inception (`training.features.best_features`). The
    features are kept in the run folder, and earlier measurements are read from its events, so that a run which was
    killed and resumed ends where one that was not does.

    Parameters
    ----------
    run
        Where the images' features are kept.
    spec
        Its ``preview.stop_at`` is the target.

    Raises
    ------
    UserError
        Too few labels, or labels that do not tell sensitive from other images.
    """

    def __init__(self, run: RunFolder, spec: RunSpec, entries: Sequence[ManifestEntry], log: EventLog) -> None:
        assert spec.preview.stop_at is not None
        self.target = spec.preview.stop_at
        self._rates = _measured_before(run)
        _require_enough(*(sum(entry.label in labels for entry in entries) for labels in KINDS.values()))
        log.emit("progress", what=WHAT, done=0, total=1)
        self._extract = best_features(spec)
        sensitive, others = _features(run, spec, entries, self._extract, log)
        _require_enough(len(sensitive), len(others))  # some may have been unreadable
        self._judge = LabelJudge(sensitive, others, spec.seed)
        if self._judge.informedness < CANNOT_TELL:
            raise UserError(
                f"The labels tell sensitive from other images too little to stop by (AUC "
                f"{self._judge.separability:.2f}); label more images, or set preview.stop_at to none."
            )
        log.emit("progress", what=WHAT, done=1, total=1)

    def measure(self, images: NDArray[np.uint8], step: int) -> tuple[float, tuple[float, float]]:
        """The share of samples that are not sensitive, with a 95 % interval.

        Parameters
        ----------
        images
            ``(N, C, H, W)``.
        step
            At which they were drawn; a second measurement at the same step replaces the first.
        """
        share = self._judge.share(self._extract(images))
        rate = self._rates[step] = 1 - share.estimate
        return rate, (1 - share.interval[1], 1 - share.interval[0])

    @property
    def reached(self) -> bool:
        """Whether the last two previews were both at the target or above."""
        last = sorted(self._rates)[-IN_A_ROW:]
        return len(last) == IN_A_ROW and all(self._rates[step] >= self.target for step in last)


def _measured_before(run: RunFolder) -> dict[int, float]:
    """Rate by step, of the previews up to the checkpoint that training goes on from."""
    checkpoint = latest_checkpoint(run)
    if checkpoint is None:
        return {}
    step = load_state(checkpoint).step
    previews = (event for event in run.events() if event.get("event") == "preview" and event.get("nsr") is not None)
    return {event["step"]: event["nsr"] for event in previews if event["step"] <= step}


def _require_enough(sensitive: int, unlabeled: int) -> None:
    if min(sensitive, unlabeled) < FEWEST:
        raise UserError(
            f"Stopping at a share of samples needs at least {FEWEST} images labeled sensitive and {FEWEST} others, and "
            f"there are {sensitive} and {unlabeled}; label more, or set preview.stop_at to none."
        )


def _features(
    run: RunFolder, spec: RunSpec, entries: Sequence[ManifestEntry], extract: FeatureExtractor, log: EventLog
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of some sensitive images and of some others, ``(N, D)`` each; kept in the run's cache."""
    rng = np.random.default_rng(spec.seed)
    lines = np.sort(np.concatenate([_some(entries, kind, rng) for kind in KINDS.values()]))
    chosen = [entries[line] for line in lines]
    labels = "".join(entry.label[0] for entry in chosen)
    folder = run.cache / f"features-{cache_key(spec, chosen, labels, extract.name, spec.model.source)}"
    if not folder.exists():
        if (run.cache / cache_key(spec, entries)).exists():  # as pixels, for training
            cache = build_cache(run.cache, spec, entries, log)
            places = np.flatnonzero(np.isin(cache.kept, lines))
        else:
            # What is wrong with images was told when training prepared them.
            cache = build_cache(run.cache, spec, chosen, _WithoutWarnings(log.path))
            places = np.arange(len(cache.kept))
        with atomic_folder(folder) as temporary:
            for name, kind in KINDS.items():
                of_kind = np.intersect1d(places, cache.indices(*kind))
                np.save(temporary / f"{name}.npy", extract(cache.images[of_kind]))
    return np.load(folder / "sensitive.npy"), np.load(folder / "others.npy")


def _some(entries: Sequence[ManifestEntry], labels: Labels, rng: np.random.Generator) -> NDArray[np.int64]:
    """Lines of up to ``MOST_IMAGES`` entries that have one of `labels`."""
    having = np.flatnonzero([entry.label in labels for entry in entries])
    return rng.permutation(having)[:MOST_IMAGES]


class _WithoutWarnings(EventLog):
    def emit(self, event: str, **fields: Any) -> None:
        if event != "warning":
            super().emit(event, **fields)
