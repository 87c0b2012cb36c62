"""The project store: images, labels with their history, and runs, in one SQLite file. Knows no Qt.

Each module holds functions over a `Project`; `model` has the plain types that they speak in.
"""

from pudm_gui.project.model import Change, Counts, HistoryEntry, ImageFilter, ImageRow, Label, Root
from pudm_gui.project.project import Project, ProjectBusyError

__all__ = [
    "Change",
    "Counts",
    "HistoryEntry",
    "ImageFilter",
    "ImageRow",
    "Label",
    "Project",
    "ProjectBusyError",
    "Root",
]
