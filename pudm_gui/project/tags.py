"""Free tags: which kind of sensitive image this is. They have the same history as labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.actions import Action, add_action, carry_out, head, next_action
from pudm_gui.project.columns import contains, distinct, listed
from pudm_gui.project.model import Change, Ids
from pudm_gui.project.paths import encode
from pudm_gui.project.project import Project


@dataclass(frozen=True, slots=True, eq=False)
class TagPairs:
    """Which images have which tags, for very many of them: ``(N,)`` int64 each, in the order of `ids`."""

    names: tuple[str, ...]
    ids: Ids
    numbers: NDArray[np.int64]
    """Places in `names`."""

    def of(self, image_id: int) -> list[str]:
        """The tags of one image, sorted."""
        start, stop = np.searchsorted(self.ids, [image_id, image_id + 1])
        return sorted(self.names[number] for number in self.numbers[start:stop])

    def for_images(self, ids: Ids) -> TagPairs:
        """The part that concerns `ids`, which are sorted."""
        keep = contains(ids, self.ids)
        return TagPairs(self.names, self.ids[keep], self.numbers[keep])


@dataclass(frozen=True, slots=True)
class Retagged:
    """What to do to the tags of images: `added` to and `removed` from all of `ids`, and single pairs."""

    ids: Ids = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    added: Iterable[str] = ()
    removed: Iterable[str] = ()
    put_on: TagPairs | None = None
    taken_off: TagPairs | None = None
    """Pairs, of images that do not have and have that tag."""


def tag_images(project: Project, ids: Ids, *, added: Iterable[str] = (), removed: Iterable[str] = ()) -> Change | None:
    """Put tags on images and take others off, as one action; None where nothing changes."""
    with project.writing() as db:
        action = next_action(db)
        if not note_tags(db, action, Retagged(ids, added, removed)):
            return None
        add_action(db, action, Action("tag", project.annotator, "hand", None, None, head(db), action))
        return carry_out(db, action, "tag", None)


def tag_counts(project: Project) -> dict[str, int]:
    """How many images have each tag, the most used first."""
    rows = project.db.execute("SELECT tag, count(*) FROM tags GROUP BY tag ORDER BY count(*) DESC, tag")
    return dict(rows.fetchall())


def clean(tags: Iterable[str]) -> list[str]:
    """`tags` as they are kept: single spaces, none blank, none twice, sorted."""
    return sorted({" ".join(tag.split()) for tag in tags} - {""})


def note_tags(db: sqlite3.Connection, action: int, wanted: Retagged) -> bool:
    """Write the rows of `tag_history` that make `wanted` true; whether there are any."""
    written = 0
    ids = listed(distinct(wanted.ids))
    for tags, added, exists in ((wanted.added, 1, "NOT EXISTS"), (wanted.removed, 0, "EXISTS")):
        for tag in clean(tags):
            written += db.execute(
                f"""INSERT INTO tag_history (action_id, image_id, tag, added)
                SELECT ?, value, CAST(? AS TEXT), ? FROM json_each(?) WHERE {exists} (
                    SELECT 1 FROM tags WHERE image_id = value AND tag = CAST(? AS TEXT)
                )""",
                (action, encode(tag), added, ids, encode(tag)),
            ).rowcount
    for pairs, added in ((wanted.put_on, 1), (wanted.taken_off, 0)):
        if pairs is not None:
            written += _note_pairs(db, action, pairs, added)
    return written > 0


def _note_pairs(db: sqlite3.Connection, action: int, pairs: TagPairs, added: int) -> int:
    db.executemany(
        "INSERT INTO tag_history (action_id, image_id, tag, added) VALUES (?, ?, CAST(? AS TEXT), ?)",
        ((action, int(id_), encode(pairs.names[n]), added) for id_, n in zip(pairs.ids, pairs.numbers, strict=True)),
    )
    return len(pairs.ids)
