"""What has to be said or asked before an export, in words, with the button that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication

from pudm_gui.export.target import Target, TargetState
from pudm_gui.run_summary import RunSummary
from pudm_gui.widgets.message import MessageKind

Answer = Literal["evaluate", "new folder", "replace"]


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence; with an `answer`, also a button that gives it."""

    text: str
    kind: MessageKind
    button: str | None = None
    answer: Answer | None = None


def about_evaluation(summary: RunSummary) -> Question | None:
    """None where the run has been evaluated."""
    if summary.report is not None:
        return None
    text = _tr("This model has not been evaluated, so nobody knows how much of it is still sensitive.")
    return Question(text, "warning", _tr("Evaluate first"), "evaluate")


def about_target(target: Target, may_replace: Path | None) -> Question | None:
    """None where the export may begin; `may_replace` is the folder whose replacement was agreed to."""
    folder = target.folder
    match target.state:
        case TargetState.UNUSABLE:
            text = _tr("Nothing can be exported to {folder} ({reason}); choose another folder.")
            return Question(text.format(folder=folder, reason=target.reason), "error")
        case TargetState.FOREIGN:
            text = _tr("{folder} holds other files, which stay as they are; export to a new folder inside it.")
            return Question(text.format(folder=folder), "warning", _tr("Use a new folder"), "new folder")
        case TargetState.EXPORT if may_replace != folder:
            text = _tr("{folder} holds an earlier export, which would be replaced.")
            return Question(text.format(folder=folder), "warning", _tr("Replace it"), "replace")
    return None


def _tr(text: str) -> str:
    return QCoreApplication.translate("ExportQuestions", text)
