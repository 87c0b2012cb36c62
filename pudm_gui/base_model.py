"""Which model the person has chosen to sanitize, as the Train page remembers it for each project."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QSettings


def settings_group(project: Path) -> str:
    """Where the choices of the Train page are kept in the settings."""
    return f"train/{hashlib.sha1(str(project).encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def chosen_base_model(project: Path) -> Path | None:
    """Folder or file of the model to start from; None where a new one is to be trained, or none was chosen."""
    settings, group = QSettings(), settings_group(project)
    if settings.value(f"{group}/scratch", "false") in (True, "true"):
        return None
    source = str(settings.value(f"{group}/folder", "") or "")
    return Path(source) if source and Path(source).exists() else None
