"""The points of the map, and questions about them: which is nearest, which lie inside a line, which are in a group."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.projection import projection

MASK_EDGE = 1024
"""A line drawn around points is filled in a picture of so many pixels, in which the points are then looked up."""

SMALLEST = 0.02
"""Edge of the part of the plane that is shown where all points lie together."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Group:
    """A cluster of the map. `number` counts from 1, the largest first."""

    number: int
    cluster: int
    count: int
    sensitive: int
    normal: int


@dataclass(frozen=True, eq=False)
class MapPoints:
    """Images as points of a plane. It never changes; `with_labels` makes another."""

    ids: Ids
    """``(M,)``, rising."""
    xy: NDArray[np.float32]
    """``(M, 2)`` in [0, 1]."""
    clusters: NDArray[np.int32]
    """``(M,)``."""
    labels: NDArray[np.uint8] = field(repr=False)
    """``(M,)``, the numbers of `Label`."""

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def load(cls, project: Project, index: FeatureIndex) -> MapPoints:
        """For threads."""
        found = projection(index)
        return cls(
            found.ids,
            np.ascontiguousarray(found.xy),
            np.ascontiguousarray(found.clusters),
            labels_for(project, found.ids),
        ).prepared()

    def with_labels(self, labels: NDArray[np.uint8]) -> MapPoints:
        """The same points with other labels. For threads, where there are many."""
        return replace(self, labels=labels).prepared()

    def prepared(self) -> MapPoints:
        """Itself, with all worked out that is asked for on the GUI thread."""
        _ = self.bounds, self.groups, self.totals
        return self

    def places(self, ids: Ids) -> NDArray[np.int64]:
        """Where those of `ids` that are on the map are."""
        if not len(self.ids):
            return np.empty(0, np.int64)
        found = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return found[self.ids[found] == ids]

    def mask(self, ids: Ids) -> Mask:
        found = np.zeros(len(self), bool)
        found[self.places(ids)] = True
        return found

    def nearest(self, at: tuple[float, float], reach: tuple[float, float]) -> int | None:
        """The point nearest to `at`, no further than `reach` to each side, in units of the plane."""
        x, y = self.xy[:, 0], self.xy[:, 1]
        near = np.flatnonzero((np.abs(x - np.float32(at[0])) <= reach[0]) & (np.abs(y - np.float32(at[1])) <= reach[1]))
        if not len(near):
            return None
        away = (self.xy[near] - np.asarray(at, np.float32)) / np.asarray(reach, np.float32)
        return int(near[np.argmin((away**2).sum(axis=1))])

    def inside(self, line: NDArray[np.float32]) -> Mask:
        """Which points lie inside a closed line of ``(V, 2)`` corners, by filling it in a picture."""
        low, high = line.min(axis=0), line.max(axis=0)
        span = np.maximum(high - low, 1e-6)
        filled = _filled((line - low) / span * (MASK_EDGE - 1))
        found = ((self.xy >= low) & (self.xy <= high)).all(axis=1)
        places = np.flatnonzero(found)
        at = ((self.xy[places] - low) / span * (MASK_EDGE - 1)).round().astype(np.int64)
        found[places] = filled[at[:, 1], at[:, 0]]
        return found

    def in_cluster(self, cluster: int) -> Mask:
        return self.clusters == cluster

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the part of the plane that holds all points."""
        if not len(self):
            return 0.0, 0.0, 1.0, 1.0
        low, high = self.xy.min(axis=0), self.xy.max(axis=0)
        width, height = np.maximum(high - low, SMALLEST)
        return float(low[0]), float(low[1]), float(width), float(height)

    @cached_property
    def totals(self) -> dict[Label, int]:
        """How many points have each label."""
        counts = np.bincount(self.labels, minlength=len(Label))
        return {label: int(counts[label]) for label in Label}

    @cached_property
    def groups(self) -> list[Group]:
        """The clusters, the largest first."""
        if not len(self):
            return []
        clusters = np.maximum(self.clusters, -1) + 1
        several = int(clusters.max()) + 1
        total = np.bincount(clusters, minlength=several)
        marked = {
            label: np.bincount(clusters[self.labels == label], minlength=several)
            for label in (Label.SENSITIVE, Label.NORMAL)
        }
        order = [place for place in np.argsort(-total, kind="stable") if total[place]]
        return [
            Group(
                number,
                int(place) - 1,
                int(total[place]),
                int(marked[Label.SENSITIVE][place]),
                int(marked[Label.NORMAL][place]),
            )
            for number, place in enumerate(order, 1)
        ]


def _filled(corners: NDArray[np.float32]) -> Mask:
    """``(MASK_EDGE, MASK_EDGE)``: which pixels lie inside, or on, the closed line."""
    image = QImage(MASK_EDGE, MASK_EDGE, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen(Qt.GlobalColor.white)
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawPolygon(QPolygonF([QPointF(float(x), float(y)) for x, y in corners]))
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(MASK_EDGE, image.bytesPerLine())
    return rows[:, :MASK_EDGE] > 0
