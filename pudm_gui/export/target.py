"""Where an export may go. Looks at folders: call `inspect_target` off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from training.checkpoint_layout import EXPORTED
from training.runs import RunFolder

MODEL_INDEX = "model_index.json"


class TargetState(Enum):
    """What export would find in a folder."""

    FREE = "free"
    """Not there yet, or empty."""
    EXPORT = "export"
    """An earlier export, and nothing else: may be replaced after asking."""
    FOREIGN = "foreign"
    """Files that no export wrote: never touched."""
    UNUSABLE = "unusable"
    """A file, not absolute, or not readable."""


@dataclass(frozen=True, slots=True)
class Target:
    folder: Path
    state: TargetState
    reason: str = ""
    """For ``UNUSABLE``: the system's words."""


def default_folder(project: Path, run: RunFolder) -> Path:
    """``PROJECT/exports/NAME``."""
    return project / "exports" / run.path.name


def inspect_target(folder: Path) -> Target:
    """Look into `folder` without changing anything."""
    if not folder.is_absolute():
        return Target(folder, TargetState.UNUSABLE, "not an absolute path")
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return Target(folder, TargetState.FREE)
    except NotADirectoryError:
        return Target(folder, TargetState.UNUSABLE, "a file, not a folder")
    except OSError as error:
        return Target(folder, TargetState.UNUSABLE, error.strerror or str(error))
    if not names:
        return Target(folder, TargetState.FREE)
    ours = MODEL_INDEX in names and names <= EXPORTED
    return Target(folder, TargetState.EXPORT if ours else TargetState.FOREIGN)


def subfolder(folder: Path, run: RunFolder) -> Path:
    """A new folder inside `folder`, named after the run."""
    wanted = folder / run.path.name
    number = 2
    while wanted.exists():
        wanted = folder / f"{run.path.name}-{number}"
        number += 1
    return wanted
