"""Kinds of images that look like S, but of which none is labeled: where a sensitive mode may have been missed."""

from __future__ import annotations

import numpy as np

from pudm_gui.project.model import Label
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.model import Gap, Labels
from pudm_gui.suggest.similar import likeness

MOST_GAPS = 12
FEWEST_IMAGES = 5


def coverage(index: FeatureIndex, labels: Labels, limit: int = MOST_GAPS) -> list[Gap]:
    """Groups of unlabeled images that look like S and hold no labeled image, the closest to S first.

    Parameters
    ----------
    labels
        ``(M,)``: the labels of ``index.ids`` (`pudm_gui.project.images.labels_for`).

    Returns
    -------
    At most `limit` gaps; none where no image is labeled sensitive.
    """
    sensitive = np.flatnonzero(labels == Label.SENSITIVE)
    if not len(sensitive):
        return []
    closeness = likeness(index, np.unique(index.rows[sensitive]))[index.compact]
    clusters = index.store.clusters[index.rows]
    labeled = np.unique(clusters[labels != Label.UNLABELED])
    ranks = np.argsort(np.argsort(closeness)) / max(len(closeness) - 1, 1)
    gaps = []
    for cluster in np.setdiff1d(np.unique(clusters), labeled):
        members = np.flatnonzero(clusters == cluster)
        if len(members) < FEWEST_IMAGES:
            continue
        typical = members[np.argsort(-closeness[members], kind="stable")]
        nearest = index.ids[sensitive[:5]]
        gaps.append(Gap(index.ids[typical], float(np.median(ranks[members])), nearest))
    gaps.sort(key=lambda gap: -gap.closeness)
    return gaps[:limit]
