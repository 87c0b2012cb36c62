"""Making a picture unrecognisable, for those who would rather not see it again and again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

from pudm_gui.project.model import Label, Listing

SOFT_EDGE = 96
"""Longer edge of a veiled thumbnail in pixels: it holds no detail that a larger one would show."""

DETAILED = 80
"""Images with a longer edge of as many pixels or more are cut down to the full number of patches."""


class Strength(IntEnum):
    """How many patches are left along the longer edge; NONE leaves the picture sharp."""

    NONE = 0
    LIGHT = 20
    MEDIUM = 11
    STRONG = 6


@dataclass(frozen=True, slots=True)
class Veil:
    """How pictures are veiled."""

    strength: Strength = Strength.MEDIUM
    grey: bool = False

    def over(self, image: QImage, *, native: int, soft_edge: int = SOFT_EDGE) -> QImage:
        """A small, blurred version of `image`, to be painted stretched. The details are gone, not only hidden.

        Without blur, `image` itself, perhaps in grey.

        Parameters
        ----------
        native
            Longer edge of the image before it was enlarged: one of 8 × 8 pixels needs fewer patches than a photo.
        soft_edge
            Longer edge of the result in pixels.
        """
        if self.strength == Strength.NONE:
            return image.convertToFormat(QImage.Format.Format_Grayscale8) if self.grey else image
        patches = max(2, min(int(self.strength), round(native * self.strength / DETAILED)))
        small = image
        for edge in (SOFT_EDGE * 2, patches):
            small = _scaled(small, image.size(), edge)
        if self.grey:
            small = small.convertToFormat(QImage.Format.Format_Grayscale8).convertToFormat(QImage.Format.Format_RGB32)
        edge = patches
        while edge < soft_edge:  # doubling again and again gives round, soft patches instead of visible squares
            edge = min(2 * edge, soft_edge)
            small = _scaled(small, image.size(), edge)
        return small


@dataclass(frozen=True, slots=True)
class Cover:
    """What the person wants done to pictures of sensitive images until they ask to see one."""

    veiled: bool = True
    """Blurred or grey, as the `Veil` says."""
    small: bool = False
    suspected: bool = True
    """Also images that a suggestion lists, until they are labeled."""

    def over(self, label: Label, listing: Listing | None = None) -> bool:
        """Whether an image with this label is covered, where it is shown as part of `listing`."""
        if not self.veiled and not self.small:
            return False
        if label == Label.SENSITIVE:
            return True
        suspects = self.suspected and listing is not None and listing.source == "suggestion"
        return suspects and label == Label.UNLABELED


def _scaled(image: QImage, shape: QSize, edge: int) -> QImage:
    size = shape.scaled(edge, edge, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
    return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
