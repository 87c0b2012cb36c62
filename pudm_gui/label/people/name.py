"""The name that labels are given under, remembered between sessions."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from pudm_gui.project.project import Project

KEY = "annotator/name"
LONGEST = 60


def cleaned(name: str) -> str:
    """`name` as it is kept: on one line, of a length that fits."""
    return " ".join(name.split())[:LONGEST].strip()


def use_remembered_name(project: Project) -> None:
    """Label under the name that was given last; without one the project keeps the login name."""
    if name := cleaned(str(QSettings().value(KEY, "", str))):
        project.annotator = name


def remember_name(project: Project, name: str) -> None:
    """Label under `name` from now on."""
    project.annotator = cleaned(name)
    QSettings().setValue(KEY, project.annotator)
