"""What would become of the images of a project if a file was imported."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.actions import next_action
from pudm_gui.project.columns import contains, giver_table, integers, is_first, is_last, largest_id
from pudm_gui.project.exchange.formats import Format
from pudm_gui.project.exchange.matching import Matched
from pudm_gui.project.exchange.rows import Noted
from pudm_gui.project.exchange.statements import NOT_SAID, Statements, said
from pudm_gui.project.exchange.tag_plan import TagPlan, plan_tags
from pudm_gui.project.images import image_rows, labels_for
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What one image gets."""

    id: int
    path: str
    old: Label
    new: Label
    """The same as `old` where only tags change."""
    given_by: str
    """Who gave the label it has; "" without one."""
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ImportPlan:
    """What an import is going to do, to the letter: it is looked at, then applied as it is."""

    source: Path
    format: Format
    keep_existing: bool
    action: int
    """The number that the next action had: a plan is out of date once there was another."""
    rows: int
    names: tuple[str, ...]
    """Who gives labels; each of them is an action of its own, in this order."""
    statements: Statements
    """Those that are taken over, one per image and annotator."""
    tags: TagPlan
    taggers: tuple[Ids, ...]
    """The images whose tags each of `names` gives."""
    changed: Ids
    """The images whose label or tags become other ones, in the order of the file."""
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]
    """``(N,)``: the labels of `changed`, before and after."""
    unchanged: int
    """Images of the file that stay as they are."""
    confirmed: int
    """Of these, images whose label is said again, by somebody else or since the file has changed. That is kept too."""
    overwritten: Ids
    """Images that have a label and get another one, or none."""
    overwritten_of: dict[str, int]
    """How many of these labels each annotator gave."""
    kept: Ids
    """Images that keep their label though the file has another one."""
    duplicates: int
    """Rows that repeat another one."""
    by_content: int
    other_content: int
    unknown: Noted
    problems: Noted

    @property
    def labeled(self) -> int:
        """How many images get another label."""
        return int(np.count_nonzero(self.old != self.new))

    def becoming(self, label: Label) -> int:
        """How many images get `label` and do not have it."""
        return int(np.count_nonzero((self.new == label) & (self.old != label)))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not len(self.changed) and not self.confirmed


def plan(
    project: Project, source: Path, format_: Format, matched: Matched, *, keep_existing: bool, annotator: str
) -> ImportPlan:
    """Compare what a file says with what is in the project. `annotator`: who says it where the file does not tell."""
    db = project.db
    every = said(db, matched, annotator)
    statements = every.statements
    present = _Present(project, statements.ids)
    says = statements.labels != NOT_SAID
    kept = np.zeros(len(says), dtype=bool)
    if keep_existing:
        kept = says & (present.labels != Label.UNLABELED) & (present.labels != statements.labels)
    taken = statements.where(says & ~kept)
    again = present.said_again(taken, every.names, present.labels[says & ~kept])
    tags = plan_tags(db, matched, every.tagging, only_add=keep_existing or matched.adds_tags)
    ids, old, new = _outcome(statements, present.labels, taken)
    changed = (old != new) | contains(tags.added.ids, ids) | contains(tags.removed.ids, ids)
    overwritten = ids[(old != Label.UNLABELED) & (old != new)]
    return ImportPlan(
        source=source,
        format=format_,
        keep_existing=keep_existing,
        action=next_action(db),
        rows=matched.read,
        names=every.names,
        statements=taken,
        tags=tags,
        taggers=every.taggers(matched),
        changed=ids[changed],
        old=old[changed],
        new=new[changed],
        unchanged=int(np.count_nonzero(~changed)),
        confirmed=int(np.count_nonzero(is_last(taken.ids[again]))),
        overwritten=overwritten,
        overwritten_of=present.givers(overwritten),
        kept=statements.ids[kept][is_last(statements.ids[kept])],
        duplicates=every.duplicates,
        by_content=matched.by_content,
        other_content=matched.other_content,
        unknown=matched.unknown,
        problems=every.problems,
    )


def _outcome(
    statements: Statements, present: NDArray[np.uint8], taken: Statements
) -> tuple[Ids, NDArray[np.uint8], NDArray[np.uint8]]:
    """All images of a file in its order, with the labels that they have and are going to have."""
    first = np.flatnonzero(is_first(statements.ids))
    ids = statements.ids[first]
    old = present[first]
    new = old.copy()
    last = taken.last_of_image()
    new[np.searchsorted(ids, taken.ids[last])] = taken.labels[last]
    order = np.argsort(statements.numbers[first], kind="stable")
    return ids[order], old[order], new[order]


def planned_changes(project: Project, plan: ImportPlan, start: int, stop: int) -> list[PlannedChange]:
    """Some of what a plan changes, in the order of the file."""
    rows = image_rows(project, plan.changed[start:stop])
    changes = []
    for row, old, new in zip(rows, plan.old[start:stop], plan.new[start:stop], strict=True):
        added, removed = plan.tags.of(row.id)
        changes.append(
            PlannedChange(
                row.id, row.path, Label(int(old)), Label(int(new)), row.annotator, tuple(added), tuple(removed)
            )
        )
    return changes


class _Present:
    """The labels that images have now, and who gave them."""

    def __init__(self, project: Project, ids: Ids) -> None:
        db = project.db
        self.labels = labels_for(project, ids)
        self._given = giver_table(db, largest_id(db) + 1)
        self._changed = integers(db, "SELECT id FROM images WHERE changed = 1 ORDER BY id")
        self._names = dict(db.execute("SELECT id, annotator FROM actions WHERE kind IN ('label', 'import')"))

    def givers(self, ids: Ids) -> dict[str, int]:
        """How many of the labels of `ids`, which all have one, each annotator gave; the most first."""
        actions, counts = np.unique(self._given[ids], return_counts=True)
        found: Counter[str] = Counter()
        for action, count in zip(actions.tolist(), counts.tolist(), strict=True):
            found[self._names.get(action, "")] += count
        return dict(found.most_common())

    def said_again(self, taken: Statements, names: tuple[str, ...], present: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which statements repeat a label that somebody else gave, or that was given to another content."""
        same = np.flatnonzero((taken.labels == present) & (present != Label.UNLABELED))
        again = np.zeros(len(taken.ids), dtype=bool)
        given = self._given[taken.ids[same]]
        others = np.zeros(len(same), dtype=bool)
        for number, name in enumerate(names):
            own = np.array(sorted(action for action, by in self._names.items() if by == name), dtype=np.int64)
            others |= (taken.annotators[same] == number) & ~contains(own, given)
        again[same] = others | contains(self._changed, taken.ids[same])
        return again
