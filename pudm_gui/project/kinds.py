"""Tagging as a curator means it: a tag says which kind of sensitive image this is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pudm_gui.project.images import labels_for
from pudm_gui.project.labels import apply_labels
from pudm_gui.project.model import Change, Ids, Label, Source
from pudm_gui.project.project import Project
from pudm_gui.project.tags import Retagged, clean


def tag_as_sensitive(
    project: Project, ids: Ids, *, added: Iterable[str] = (), removed: Iterable[str] = (), source: Source = "hand"
) -> tuple[Change | None, int]:
    """Put tags on images and take others off, as one action.

    An unlabeled image that gets a tag becomes sensitive in the same action. One that somebody has marked normal is left
    as it is: a tag does not overrule that. Taking a tag off changes no label.

    Returns
    -------
    What changed, or None where nothing did, and how many normal images were left as they are.
    """
    added, removed = clean(added), clean(removed)
    wanted = np.asarray(ids, dtype=np.int64)
    unlabeled = wanted[:0]
    normal = 0
    with project.writing() as db:
        if added:
            labels = labels_for(project, wanted)
            unlabeled = wanted[labels == Label.UNLABELED]
            normal = int(np.count_nonzero(labels == Label.NORMAL))
            wanted = wanted[labels != Label.NORMAL]
        change = apply_labels(
            project,
            db,
            {Label.SENSITIVE: unlabeled} if len(unlabeled) else {},
            kind="label" if len(unlabeled) else "tag",
            source=source,
            tags=Retagged(wanted, added, removed),
        )
    return change, normal
