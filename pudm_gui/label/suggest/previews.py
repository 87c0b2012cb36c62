"""Small pictures in the side panels: a few at a time, veiled as the grid veils them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from pudm_gui.label.grid.thumbnail import Store, Tile, Wanted, key_of
from pudm_gui.label.grid.thumbnails import Thumbnails
from pudm_gui.label.settings import LabelSettings
from pudm_gui.label.veil import Veil
from pudm_gui.project.images import image_rows
from pudm_gui.project.model import Ids, ImageRow, Label, Listing
from pudm_gui.session import Session

MEMORY_LIMIT = 24 << 20
"""Bytes of pixmaps."""
SUGGESTED = Listing("", np.empty(0, np.int64), source="suggestion")
"""Any list of suggestions."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture as it is to be painted now."""

    row: ImageRow
    tile: Tile | None
    """None while it is being made."""
    veiled: bool
    hidden: bool


class Previews(QObject):
    """Makes the pictures that strips and hover pictures ask for; each of these says anew what it wants.

    Signals
    -------
    ready
        A picture arrived; carries the image id.
    look_changed
        How pictures are to be veiled or hidden is another.
    """

    ready = Signal(int)
    look_changed = Signal()

    def __init__(self, session: Session, settings: LabelSettings, store: Store | None, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._settings = session, settings
        self._thumbnails = Thumbnails(store, self, limit=MEMORY_LIMIT)
        self._thumbnails.ready.connect(self.ready)
        self._wanted: dict[int, tuple[list[ImageRow], int]] = {}
        session.hide_everything_changed.connect(lambda _: self.refresh())

    @property
    def busy(self) -> bool:
        return self._thumbnails.busy

    @property
    def hidden(self) -> bool:
        """Whether no picture is to be seen."""
        return self._session.hide_everything

    def rows(self, ids: Ids) -> list[ImageRow]:
        """What is known of a few images."""
        return image_rows(self._session.project, ids)

    def want(self, owner: QObject, rows: list[ImageRow], edge: int) -> None:
        """`owner` shows these now, each in a square of `edge` device pixels, and nothing else; none to show nothing."""
        if rows:
            self._wanted[id(owner)] = (rows, edge)
        else:
            self._wanted.pop(id(owner), None)
        self._ask()

    def preview(self, row: ImageRow, label: Label, *, suspected: bool = False) -> Preview:
        """How the image looks now. `suspected`: it is shown because it may be sensitive."""
        cover = self._settings.cover
        veiled = cover.veiled and cover.over(label, SUGGESTED if suspected else None)
        return Preview(row, self._thumbnails.tile(key_of(row)), veiled, self.hidden)

    def refresh(self) -> None:
        """The person wants pictures veiled or hidden in another way."""
        self._ask()
        self.look_changed.emit()

    def close(self) -> None:
        """Want nothing more, and wait for the threads."""
        self._wanted.clear()
        self._thumbnails.close()

    def _ask(self) -> None:
        veil: Veil = self._settings.veil
        wanted = {} if self.hidden else self._wanted
        self._thumbnails.want(
            [Wanted.of(row, edge, veil) for rows, edge in wanted.values() for row in rows if row.problem is None]
        )
