"""A first suggestion for β, and plain words about a value of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from pudm_gui.project.model import Counts
from training.spec import ObjectiveSpec

LOWEST, HIGHEST = 0.02, 0.5
"""Limits of what is suggested; what is entered may be anything between 0 and 1."""
ENOUGH_NORMALS = 10
"""With fewer images labeled normal, the labels say nothing about shares."""
ENOUGH_SENSITIVE = 20
GOOD_SENSITIVE = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value for β, and where it comes from in a sentence."""

    beta: float
    reason: str


def _tr(text: str) -> str:
    return QCoreApplication.translate("BetaAdvice", text)


def suggest(counts: Counts) -> Suggestion:
    """A first value from the labels: the sensitive share among those looked at, as far as it holds for the rest.

    Images labeled sensitive are taken out of the unlabeled pool and normal ones stay in it, so the share among what
    remains is s·u / (u + n), with s = S / (S + N) the share among the labeled, u the unlabeled and n = N.
    """
    if counts.sensitive == 0 or counts.normal < ENOUGH_NORMALS or counts.unlabeled == 0:
        return Suggestion(
            ObjectiveSpec().beta, _tr("A usual start. Estimate it from your labels, or set what you know.")
        )
    share = counts.sensitive / (counts.sensitive + counts.normal)
    rest = share * counts.unlabeled / (counts.unlabeled + counts.normal)
    beta = min(max(math.ceil(100 * rest) / 100, LOWEST), HIGHEST)
    reason = _tr("From your labels: {s} of the {n} images you labeled are sensitive. Too high if you looked for them.")
    return Suggestion(beta, reason.format(s=counts.sensitive, n=counts.sensitive + counts.normal))


def in_words(beta: float) -> str:
    """What a value of β claims, and which way to err."""
    per_hundred = 100 * beta
    if per_hundred < 1:
        share = _tr("fewer than 1 in 100")
    elif per_hundred < 9.5:
        share = _tr("about {n} in 100").format(n=round(per_hundred))
    elif per_hundred <= 55:
        share = _tr("about 1 in {n}").format(n=round(100 / per_hundred))
    else:
        share = _tr("most")
    claim = _tr("Takes {share} of the unlabeled images to be sensitive.").format(share=share[0].lower() + share[1:])
    return claim + " " + _tr("If in doubt, err high: too low leaves sensitive content in.")


def enough_words(sensitive: int) -> tuple[str, bool]:
    """Whether there are enough labels to train with, in words."""
    if sensitive == 0:
        return _tr("no sensitive example yet"), False
    if sensitive < ENOUGH_SENSITIVE:
        return _tr("few: better {n} or more").format(n=ENOUGH_SENSITIVE), False
    if sensitive < GOOD_SENSITIVE:
        return _tr("enough to start ✓"), True
    return _tr("enough ✓"), True
