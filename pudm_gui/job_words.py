"""What a job is doing, in words for people."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from pudm_gui.jobs import Job


def _tr(text: str) -> str:
    return QCoreApplication.translate("JobWords", text)


def stage_words(stage: str) -> str:
    return {
        "train": _tr("Training"),
        "evaluate": _tr("Comparing before and after"),
        "prior": _tr("Estimating the sensitive share"),
        "export": _tr("Exporting"),
        "sample": _tr("Drawing samples"),
        "features": _tr("Looking at the images"),
    }.get(stage, stage)


def job_words(job: Job) -> tuple[str, float | None]:
    """One line about `job`, and the share that is done, if it can be told."""
    words, fraction = stage_words(job.stage), None
    latest = next((e for e in reversed(job.attempt) if e.get("event") in ("step", "progress")), None)
    if latest is not None and latest["event"] == "progress":
        done, total = latest.get("done") or 0, latest.get("total") or 0
        fraction = done / total if total else None
        if (what := str(latest.get("what") or "")) and what != words:
            words += f" · {what}"
        if (left := latest.get("seconds_left")) is not None and job.state != "paused":
            words += f" · {time_left(left)}"
    elif latest is not None and (steps := _steps(job)):
        step = int(latest.get("step") or 0)
        fraction = step / steps
        words += f" · {step_words(step, steps)}"
        if (left := latest.get("seconds_left")) is not None and job.state != "paused":
            words += f" · {time_left(left)}"
    if job.state == "paused":
        words += f" · {_tr('paused')}"
    return words, fraction


def _steps(job: Job) -> int:
    return next((int(e.get("steps") or 0) for e in reversed(job.attempt) if e.get("event") == "started"), 0)


def step_words(step: int, steps: int) -> str:
    number = QLocale().toString
    return _tr("step {step} of {steps}").format(step=number(step), steps=number(steps))


def time_left(seconds: float) -> str:
    """As "3 min left", coarse on purpose: a figure that jumps around reads as noise."""
    if seconds < 10:
        return _tr("a few seconds left")
    if seconds < 55:
        return _tr("{n} s left").format(n=round(seconds / 5) * 5)
    if seconds < 90 * 60:
        return _tr("{n} min left").format(n=max(1, round(seconds / 60)))
    hours = seconds / 3600
    return _tr("{n} h left").format(n=QLocale().toString(hours, "f", 1 if hours < 10 else 0))
