"""Where images are in a list: the way from an id to its position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Ids


class Places:
    """Positions by id, as a table over all ids up to the largest: 4 bytes each."""

    def __init__(self, ids: Ids) -> None:
        self._table = np.full(int(ids.max(initial=0)) + 1, -1, dtype=np.int32)
        self._table[ids] = np.arange(len(ids), dtype=np.int32)

    def of(self, ids: Ids) -> NDArray[np.int32]:
        """The positions of those of `ids` that are in the list, in the order of `ids`."""
        if len(ids) and ids.max() >= len(self._table):  # found since the list was made
            ids = ids[ids < len(self._table)]
        places = self._table[ids]
        return places[places >= 0]
