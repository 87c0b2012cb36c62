"""The projects that were open lately, newest first, remembered in the user's settings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

KEY = "recent_projects"
LIMIT = 8


def recent_projects() -> list[Path]:
    """Those that are still there."""
    stored = QSettings().value(KEY, [])
    paths = stored if isinstance(stored, list) else [stored] if isinstance(stored, str) else []
    return [Path(path) for path in paths if Path(path).is_dir()][:LIMIT]


def remember_project(path: Path) -> None:
    rest = [known for known in recent_projects() if known != path]
    QSettings().setValue(KEY, [str(known) for known in [path, *rest][:LIMIT]])
