"""The plain types that suggestions are given in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Ids

Labels = NDArray[np.uint8]
"""``(M,)`` uint8, the numbers of `Label`: those of ``index.ids``, in that order (`labels_for`)."""
Basis = Literal["nothing", "similarity", "classifier"]
"""What a ranking rests on: no sensitive image yet, likeness to the few there are, or a classifier of S against U."""
Level = Literal["very likely", "likely", "unsure"]


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Images, best first."""

    ids: Ids
    scores: NDArray[np.float32]
    """``(N,)``, falling; what they mean is said where the ranking comes from."""

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, count: int) -> Ranking:
        return Ranking(self.ids[:count], self.scores[:count])


@dataclass(frozen=True, slots=True, eq=False)
class Suggestions:
    """The unlabeled images, the likeliest sensitive first."""

    ranking: Ranking
    """Scores are probabilities of being sensitive, in [0, 1]; rough ones: use `level` to put them into words."""
    basis: Basis
    reliable: bool
    """Whether the labeled images can be told from the others at all; if not, the order is little better than chance."""
    very_likely: int
    """So many of the first are very likely sensitive."""
    likely: int
    """So many that follow them are likely sensitive; the rest is unsure."""

    def level(self, position: int) -> Level:
        """How sure the suggestion at `position` of the ranking is."""
        if position < self.very_likely:
            return "very likely"
        return "likely" if position < self.very_likely + self.likely else "unsure"


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Near duplicates: images of which one label is enough."""

    ids: Ids
    """At least two, the most typical first."""
    exact: bool
    """All files have the same content."""


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """A kind of image that looks like S and of which none is labeled."""

    ids: Ids
    """The unlabeled images of the kind, the most typical first."""
    closeness: float
    """In [0, 1]: the share of all unlabeled images that look less like S than the typical one of these."""
    nearest: Ids
    """Labeled sensitive images that it looks like, nearest first; for showing beside it."""

    @property
    def size(self) -> int:
        return len(self.ids)
