"""How far annotators agree, and where they do not.

What an annotator says of an image is the last label that they have given it themselves, by hand or by a file that was
imported under their name; actions that are taken back, and labels that settle a disagreement, do not count. Clearing a
label takes back what one said.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.actions import UNDONE_ACTIONS
from pudm_gui.project.columns import integers, largest_id
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project


@dataclass(frozen=True, slots=True)
class Annotator:
    """How many images somebody has given each label, as far as they still say so."""

    name: str
    sensitive: int
    normal: int

    @property
    def labeled(self) -> int:
        return self.sensitive + self.normal


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """What two annotators say of the images that at least one of them has labeled."""

    first: str
    second: str
    table: NDArray[np.int64]
    """``(3, 3)``: how many images have the one `Label` by the first and the other by the second."""
    disputed: Ids
    """Images that one calls sensitive and the other normal, unless that is settled."""
    settled: int
    """How many more there were."""

    @property
    def shared(self) -> int:
        """Images that both have labeled."""
        return int(self.table[1:, 1:].sum())

    @property
    def agreed(self) -> int:
        """Images that both have given the same label."""
        return int(np.trace(self.table[1:, 1:]))

    @property
    def kappa(self) -> float | None:
        return cohens_kappa(self.table[1:, 1:])


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Everybody who has labeled, the busiest first, and each two of them who have images in common."""

    annotators: tuple[Annotator, ...]
    agreements: tuple[Agreement, ...]
    """Those with the most images in common first."""
    disputed: Ids
    """Images on which any two disagree, unless that is settled; sorted."""


def cohens_kappa(table: NDArray[np.int64]) -> float | None:
    """Agreement beyond what two raters reach by chance, who give each label as often as these do.

    κ = (p_o − p_e) / (1 − p_e), with p_o the share of equal ratings and p_e = Σ_k p_k· p_·k (Cohen 1960, eq. 1).

    Parameters
    ----------
    table
        ``(K, K)``: how often the first gave label i while the second gave label j.

    Returns
    -------
    From −1 to 1; None where it is not defined, as there are no ratings, or both raters gave one and the same label to
    everything.
    """
    total = table.sum()
    if total == 0:
        return None
    shares = table / total
    expected = float(shares.sum(axis=1) @ shares.sum(axis=0))
    if np.count_nonzero(table) == 1 and np.trace(table):
        return None
    return (float(np.trace(shares)) - expected) / (1 - expected)


def people(project: Project) -> People:
    """Who has labeled how much, and how far they agree."""
    db = project.db
    says = _says(db)
    annotators = [
        Annotator(name, int(np.count_nonzero(said == Label.SENSITIVE)), int(np.count_nonzero(said == Label.NORMAL)))
        for name, said in says.items()
    ]
    annotators.sort(key=lambda one: (-one.labeled, one.name))
    size = 1 + largest_id(db)
    settled = np.zeros(size, dtype=bool)
    settled[_settled(db)] = True
    disputed = np.zeros(size, dtype=bool)
    agreements = []
    for first, second in combinations((one.name for one in annotators), 2):
        agreement = _agreement(first, second, says, settled)
        if agreement.shared:
            agreements.append(agreement)
            disputed[agreement.disputed] = True
    agreements.sort(key=lambda pair: -pair.shared)
    return People(
        tuple(one for one in annotators if one.labeled), tuple(agreements), np.flatnonzero(disputed).astype(np.int64)
    )


def _agreement(first: str, second: str, says: dict[str, NDArray[np.uint8]], settled: NDArray[np.bool_]) -> Agreement:
    one, other = says[first], says[second]
    pairs = 3 * one + other
    table = np.bincount(pairs, minlength=9).reshape(3, 3)
    table[0, 0] = 0
    differ = np.flatnonzero(
        (pairs == 3 * Label.SENSITIVE + Label.NORMAL) | (pairs == 3 * Label.NORMAL + Label.SENSITIVE)
    )
    disputed = differ[~settled[differ]]
    return Agreement(first, second, table, disputed, len(differ) - len(disputed))


def _says(db: sqlite3.Connection) -> dict[str, NDArray[np.uint8]]:
    """For each annotator the `Label` that they say each image id has."""
    size = 1 + largest_id(db)
    names = db.execute("SELECT DISTINCT annotator FROM actions WHERE kind IN ('label', 'import')").fetchall()
    says = {}
    for (name,) in names:
        # Image and label in one number, in the order in which they were said: the last one stays in the array.
        said = integers(
            db,
            f"""SELECT 4 * image_id + new FROM label_history WHERE action_id IN (
                SELECT id FROM actions WHERE annotator = CAST(? AS TEXT) AND kind IN ('label', 'import')
                AND source <> 'settled' AND id NOT IN ({UNDONE_ACTIONS})
            ) ORDER BY action_id""",
            (encode(name),),
        )
        says[name] = np.zeros(size, dtype=np.uint8)
        says[name][said >> 2] = said & 3
    return says


def _settled(db: sqlite3.Connection) -> Ids:
    """Images whose present label settles a disagreement: nobody has labeled them anew since."""
    return integers(
        db, "SELECT image_id FROM actions JOIN labels ON labels.action_id = actions.id WHERE source = 'settled'"
    )
