"""The map as a picture: however many points there are, drawing it costs about the same. For threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pudm_gui.label.map.points import MapPoints, Mask
from pudm_gui.project.model import Label

RADII = ((3_000, 2.6), (40_000, 1.6), (300_000, 1.0))
"""Up to so many points in sight, each has a dot of this radius in logical pixels; beyond, of one device pixel."""
SOLID = 0.78
"""Opacity of a dot."""
FAINTEST = 0.25
"""Opacity of a pixel with one point, where a pixel may hold many."""
SHAPED, RINGED = 4_000, 60
"""Up to so many labeled, or chosen, points in sight have shapes of their own; more are dots of their colour."""

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the plane that is in sight, and the pixels that show it."""

    left: float
    bottom: float
    width: float
    height: float
    pixels: tuple[int, int]
    """Device pixels: across, up."""
    ratio: float = 1.0
    """Device pixels per logical pixel."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of the dots."""

    unlabeled: Rgb
    sensitive: Rgb
    normal: Rgb
    chosen: Rgb


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What a thread has drawn, and which points are to get a shape on top of it."""

    window: Window
    image: NDArray[np.uint8]
    """``(up, across, 4)`` RGBA, the first row at the bottom."""
    chosen: NDArray[np.int64]
    normal: NDArray[np.int64]
    sensitive: NDArray[np.int64]
    """Places of points; none where there are too many for shapes."""


def draw(points: MapPoints, chosen: Mask, window: Window, palette: Palette) -> Drawn:
    """Draw what is in `window`: unlabeled dots below, then chosen, normal and sensitive ones."""
    across, up = window.pixels
    x = ((points.xy[:, 0] - np.float32(window.left)) * np.float32(across / window.width)).astype(np.int32)
    y = ((points.xy[:, 1] - np.float32(window.bottom)) * np.float32(up / window.height)).astype(np.int32)
    seen = np.flatnonzero((x >= 0) & (x < across) & (y >= 0) & (y < up))
    cells = y[seen].astype(np.int64) * across + x[seen]
    labels, picked = points.labels[seen], chosen[seen]
    radius = window.ratio * next((radius for most, radius in RADII if len(seen) <= most), 0.5 / window.ratio)
    layers = (
        (labels == Label.UNLABELED, palette.unlabeled, 0),
        (picked, palette.chosen, RINGED),
        (labels == Label.NORMAL, palette.normal, SHAPED),
        (labels == Label.SENSITIVE, palette.sensitive, SHAPED),
    )
    image = np.zeros((up * across, 4), np.float32)
    shaped: list[NDArray[np.int64]] = []
    for members, color, most_shapes in layers:
        few = np.count_nonzero(members) <= most_shapes
        shaped.append(seen[members] if few else np.empty(0, np.int64))
        if not few and members.any():
            alpha = _discs(y[seen[members]], x[seen[members]], up, across, radius) if radius > 0.75 else None
            _lay_over(image, _density(cells[members], up * across) if alpha is None else alpha, color)
    return Drawn(window, _bytes(image).reshape(up, across, 4), *shaped[1:])


def _density(cells: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    """``(size,)``: opacity of cells that hold points, the more the fuller, on a logarithmic scale."""
    counts = np.bincount(cells, minlength=size)
    held = np.flatnonzero(counts)
    found = np.zeros(size, np.float32)
    deepest = np.log1p(max(float(np.percentile(counts[held], 99.5)), 3.0))
    found[held] = FAINTEST + (1 - FAINTEST) * np.minimum(np.log1p(counts[held]) / deepest, 1)
    return found


def _discs(
    rows: NDArray[np.int32], columns: NDArray[np.int32], up: int, across: int, radius: float
) -> NDArray[np.float32]:
    """``(up · across,)``: opacity of a soft-edged disc at each point; overlapping ones do not add up."""
    found = np.zeros(up * across, np.float32)
    reach = int(np.ceil(radius))
    offsets = [(dy, dx) for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1)]
    weighed = sorted((min(1.0, radius + 0.5 - float(np.hypot(dy, dx))), dy, dx) for dy, dx in offsets)
    for weight, dy, dx in weighed:  # the fullest last, so that none is covered by a fainter one
        if weight > 0:
            y, x = np.clip(rows + dy, 0, up - 1), np.clip(columns + dx, 0, across - 1)
            found[y.astype(np.int64) * across + x] = SOLID * weight
    return found


def _lay_over(image: NDArray[np.float32], alpha: NDArray[np.float32], color: Rgb) -> None:
    """Composite a colour onto ``(size, 4)`` premultiplied RGBA in [0, 1]."""
    touched = np.flatnonzero(alpha)
    opacity = alpha[touched, None]
    front = np.array([*color, 255], np.float32) / 255
    image[touched] = image[touched] * (1 - opacity) + opacity * front


def _bytes(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Premultiplied floats as plain RGBA bytes."""
    found = np.zeros(image.shape, np.uint8)
    touched = np.flatnonzero(image[:, 3])
    values = image[touched]
    values[:, :3] /= values[:, 3:]
    found[touched] = (values * 255 + 0.5).astype(np.uint8)
    return found
