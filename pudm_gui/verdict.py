"""What a report means, in words: the sentence over the Review page, and how far to trust it.

Pure: a `training.report.Report` in, sentences out. Review, Export and the rail all say the same because of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

from PySide6.QtCore import QCoreApplication

from training.report import Report

Level = Literal["success", "warning", "danger"]
"""Names of theme colours. Success needs an independent judge: the curator's own labels cannot acquit a model."""
Quality = Literal["better", "unchanged", "worse", "much worse", "unknown"]

SCALE = 1000
"""Shares are told as "so many in a thousand images"."""
QUALITY_TOLERANCE = 0.15
"""Relative change of the Fréchet distance that still counts as none.

Two draws of 500 images from one model differed by up to 6 to 24 % (95 % quantile; 8 × 8 digits, and the smaller the
distance, the more).
"""
QUALITY_RUINED = 1.0
"""Relative change from which quality is called much worse: the distance doubled."""
FEW_SENSITIVE = 0.05
"""The interval has to end below this share for success: less than before is not yet few."""
FEW_LABELS = 100
"""Below this many labeled sensitive images, kinds of them are easily missed."""
WIDE_INTERVAL = 0.02
"""An interval wider than 20 in 1,000 is worth more samples."""
MOST_SAMPLES = 2000
"""The largest number of images that the Review page offers to judge."""
GOOD_JUDGE = 0.95
"""Balanced accuracy from which more truth would make little difference."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Sentences for people, and a colour."""

    level: Level
    sentence: str
    quality: str
    quality_detail: str
    trust: str
    surer: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.sentence} {self.quality}"


def verdict(report: Report) -> Verdict:
    """Judge a report."""
    return Verdict(
        level=_level(report),
        sentence=_sentence(report),
        quality=_quality_words(report),
        quality_detail=_quality_detail(report),
        trust=_trust(report),
        surer=tuple(_surer(report)),
    )


def quality_of(fid: float | None, fid_before: float | None) -> Quality:
    """Compare two Fréchet distances; lower is better."""
    if fid is None or fid_before is None:
        return "unknown"
    if fid_before <= 0:
        return "unchanged" if fid <= 0 else "much worse"
    change = fid / fid_before - 1
    if change >= QUALITY_RUINED:
        return "much worse"
    if change > QUALITY_TOLERANCE:
        return "worse"
    return "better" if change < -QUALITY_TOLERANCE else "unchanged"


def sensitive_share(nsr: float, interval: tuple[float, float]) -> tuple[float, float, float]:
    """Turn a non-sensitive rate into (sensitive share, low, high), all in [0, 1]."""
    low, high = interval
    return _unit(1 - nsr), _unit(1 - high), _unit(1 - low)


def per_thousand(share: float) -> int:
    return round(SCALE * share)


def format_distance(value: float | None) -> str:
    """A Fréchet distance with three figures or so; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def differs(report: Report) -> bool:
    """Whether the intervals before and after lie apart, so that chance alone does not explain the change."""
    if report.nsr_before is None or report.nsr_before_interval is None:
        return False
    low, high = report.nsr_interval
    low_before, high_before = report.nsr_before_interval
    return low > high_before or high < low_before


def _level(report: Report) -> Level:
    quality = quality_of(report.fid, report.fid_before)
    if quality == "much worse":
        return "danger"
    if report.nsr_before is not None and differs(report) and report.nsr < report.nsr_before:
        return "danger"
    _, _, highest = sensitive_share(report.nsr, report.nsr_interval)
    removed = highest < report.beta if report.nsr_before is None else differs(report)
    few, trusted = highest <= FEW_SENSITIVE, report.nsr_judge == "truth"
    # From scratch there is no quality to fall behind.
    kept = quality in ("better", "unchanged") or (report.nsr_before is None and report.fid is not None)
    return "success" if removed and few and trusted and kept else "warning"


def _sentence(report: Report) -> str:
    about, low, high = (per_thousand(s) for s in sensitive_share(report.nsr, report.nsr_interval))
    if report.nsr_before is None:
        text = _tr("Of 1,000 images about {about} [{low}, {high}] would be sensitive.")
    elif not differs(report):
        text = _tr(
            "Of 1,000 images about {about} [{low}, {high}] would be sensitive (before: {before}; "
            "a difference this small can be chance)."
        )
    elif report.nsr < report.nsr_before:
        text = _tr("Of 1,000 images about {about} [{low}, {high}] would be sensitive, more than before ({before}).")
    else:
        text = _tr("Of 1,000 images about {about} [{low}, {high}] would be sensitive (before: {before}).")
    before = 0 if report.nsr_before is None else per_thousand(1 - report.nsr_before)
    return text.format(about=about, low=low, high=high, before=before)


def _quality_words(report: Report) -> str:
    quality = quality_of(report.fid, report.fid_before)
    if quality == "unknown":
        return _tr("Quality not measured.") if report.fid is None else _tr("Quality: nothing to compare with.")
    return {
        "better": _tr("Quality better."),
        "unchanged": _tr("Quality unchanged."),
        "worse": _tr("Quality worse."),
        "much worse": _tr("Quality much worse."),
    }[quality]


def _quality_detail(report: Report) -> str:
    """Where the word on quality comes from."""
    if report.fid is None:
        return report.fid_note
    if report.fid_before is None:
        text = _tr("Fréchet distance {after} on {features}, to {reference}.")
    else:
        text = _tr(
            "Fréchet distance {after}, before {before} (lower is better), on {features}, to {reference}. "
            "Up to {tolerance} % either way counts as unchanged."
        )
    return text.format(
        after=format_distance(report.fid),
        before=format_distance(report.fid_before),
        features=report.fid_features,
        reference=report.fid_reference,
        tolerance=round(100 * QUALITY_TOLERANCE),
    )


def _trust(report: Report) -> str:
    sentences = [report.judge_note.strip()]
    if report.judge_accuracy is not None:
        errors = per_thousand(1 - report.judge_accuracy)
        about = per_thousand(1 - report.nsr)
        if about < errors:
            sentences.append(
                _tr("It errs on about {errors} in 1,000, so {about} means few rather than exactly {about}.").format(
                    errors=errors, about=about
                )
            )
    elif report.nsr_judge == "labels":
        sentences.append(_tr("Nothing independent of your labels has checked it: what they miss, it misses too."))
    return " ".join(sentence for sentence in sentences if sentence)


def _surer(report: Report) -> list[str]:
    """What would make the verdict more certain, the most useful first."""
    advice = []
    if report.nsr_judge == "labels":
        advice.append(_tr("Give a list of images with their true label, under More options."))
    elif report.judge_accuracy is not None and report.judge_accuracy < GOOD_JUDGE:
        advice.append(_tr("Give more images with their true label: the judge is still learning."))
    _, low, high = sensitive_share(report.nsr, report.nsr_interval)
    if high - low > WIDE_INTERVAL and report.n_samples < MOST_SAMPLES:
        width = per_thousand((high - low) * sqrt(report.n_samples / MOST_SAMPLES))
        advice.append(
            _tr("Judge {most:,} images: the interval would be about {width} in 1,000 wide, now {now}.").format(
                most=MOST_SAMPLES, width=width, now=per_thousand(high - low)
            )
        )
    if high > FEW_SENSITIVE:
        advice.append(_tr("Look at the samples judged sensitive first, and label more images like them."))
    labeled = report.label_counts.get("sensitive", 0)
    if labeled < FEW_LABELS:
        advice.append(
            _tr("Label more sensitive images of every kind: {labeled} so far, {enough} are a good start.").format(
                labeled=labeled, enough=FEW_LABELS
            )
        )
    if quality_of(report.fid, report.fid_before) in ("worse", "much worse"):
        advice.append(_tr("Train again with a smaller β or fewer steps to keep the quality."))
    return advice or [_tr("Look through the samples below: your eye is the last judge.")]


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Verdict", text)
