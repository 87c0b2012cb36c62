"""Where a run stands, in words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLocale

from pudm_gui.job_words import step_words, time_left
from pudm_gui.train.progress import MemoryNeed, TrainingProgress
from pudm_gui.widgets.message import MessageKind
from training.errors import UserError
from training.runs import RunFolder, RunState


@dataclass(frozen=True, slots=True)
class RunItem:
    """One run of the project, as listed."""

    run: RunFolder
    name: str
    state: RunState


@dataclass(frozen=True, slots=True)
class Notice:
    """A message about a run, and what can be done about it."""

    text: str
    kind: MessageKind
    action: str = ""
    """Words on the button; "" for none."""
    does: str = ""
    """What the button does: "resume", "review" or "log"."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunWords", text)


def list_items(runs: list[RunFolder]) -> list[RunItem]:
    """Reads every run's events: call it off the GUI thread."""
    return [RunItem(run, _name(run), run.state()) for run in runs]


def is_fine_tune(run: RunFolder) -> bool:
    """Whether there is a model from before to compare with."""
    try:
        return run.spec().model.source != "scratch"
    except UserError:  # a run from a newer version, or damaged
        return False


def _name(run: RunFolder) -> str:
    try:
        title = run.spec().name
    except UserError:  # a run from a newer version, or damaged: its folder's name must do
        return run.path.name
    number = run.path.name.partition("-")[0]
    return _tr("{title} (run {n})").format(title=title, n=int(number)) if number.isdigit() else title


def state_words(state: str) -> str:
    """`state`: a `RunState`, or "starting"."""
    return {
        "starting": _tr("starting"),
        "new": _tr("not started"),
        "running": _tr("running"),
        "paused": _tr("paused"),
        "stopped": _tr("stopped"),
        "finished": _tr("finished"),
        "failed": _tr("failed"),
        "interrupted": _tr("interrupted"),
    }[state]


def headline(state: str, progress: TrainingProgress) -> str:
    """The one line in large type."""
    if state == "starting":
        return _tr("Starting…")
    if state == "running" and progress.preparing:
        return progress.preparing[0].upper() + progress.preparing[1:]
    if state == "finished":
        return _tr("Finished: {n} steps").format(n=QLocale().toString(progress.step))
    if not progress.steps and state in ("running", "paused"):
        return _tr("Starting…")
    if not progress.steps:
        return _tr("Not started yet") if state == "new" else state_words(state).capitalize()
    words = step_words(progress.step, progress.steps)
    return words[0].upper() + words[1:]


def details(state: str, progress: TrainingProgress) -> str:
    """What stands beside it: time left, speed, device."""
    parts = []
    if state == "paused":
        parts.append(_tr("paused"))
    elif state == "running" and progress.seconds_left is not None and progress.step:
        parts.append(time_left(progress.seconds_left))
    if state == "finished" and progress.seconds:
        parts.append(_tr("in {time}").format(time=duration(progress.seconds)))
    if progress.images_per_second:
        speed = QLocale().toString(progress.images_per_second, "f", 0 if progress.images_per_second >= 10 else 1)
        parts.append(_tr("{n} images/s").format(n=speed))
    if progress.device:
        parts.append(progress.device)
    if progress.memory is not None and state in ("running", "paused"):
        parts.append(memory_words(progress.memory))
    return " · ".join(parts)


def memory_words(memory: MemoryNeed) -> str:
    """As "needs 9.2 GB of 78 GB"."""
    return _tr("needs {needed} of {there}").format(needed=gigabytes(memory.needed), there=gigabytes(memory.there))


def gigabytes(size: int) -> str:
    """`size`, in bytes, with two figures: GB, and MB below one."""
    unit, amount = (_tr("{n} GB"), size / 1e9) if size >= 1e9 else (_tr("{n} MB"), size / 1e6)
    return unit.format(n=QLocale().toString(amount, "f", 0 if amount >= 9.95 else 1))


def duration(seconds: float) -> str:
    if seconds < 60:
        return _tr("{n} s").format(n=max(1, round(seconds)))
    if seconds < 3600:
        return _tr("{n} min").format(n=round(seconds / 60))
    return _tr("{n} h").format(n=QLocale().toString(seconds / 3600, "f", 1))


def notice(state: str, progress: TrainingProgress, words: str, *, fine_tuned: bool) -> Notice | None:
    """What there is to say about a run in `state`; `words` are the process's last ones."""
    if state == "finished" and fine_tuned:
        text = _done(progress) + " " + _tr("See what has changed, on the same seeds.")
        return Notice(text, "success", _tr("Compare before and after"), "review")
    if state == "finished":
        return Notice(_done(progress) + " " + _tr("See what it makes."), "success", _tr("Review it"), "review")
    if state == "failed":
        reason = progress.failure or words or _tr("The run failed.")
        if progress.checkpoint_step and progress.diverged:  # says itself what is kept
            return Notice(reason, "error", _tr("Review it as it is"), "review")
        if progress.checkpoint_step:
            return Notice(f"{reason} {_kept(progress)}", "error", _tr("Go on"), "resume")
        return Notice(reason, "error", _tr("Show the log"), "log")
    if state == "interrupted":
        last = words.splitlines()[-1] if words else ""
        text = _tr("The run was interrupted before its end.") + " " + _kept(progress)
        if last:
            text += " " + _tr("The last line of its log: {line}").format(line=last)
        return Notice(text, "warning", _tr("Go on"), "resume")
    if state == "stopped":
        text = _tr("Stopped. You can review the model as it is, or go on training.")
        return Notice(text, "info", _tr("Go on"), "resume")
    if state == "new":
        return Notice(_tr("This run has not been started."), "info", _tr("Start it"), "resume")
    if progress.warnings:
        return Notice(progress.warnings[-1], "warning")
    return None


def _done(progress: TrainingProgress) -> str:
    if not progress.early:
        return _tr("The model is trained.")
    share = "" if progress.nsr is None else percent(progress.nsr)
    return _tr("Ended early, at {share} of samples not sensitive.").format(share=share)


def percent(share: float) -> str:
    """A share that never reads as all while something is missing."""
    return _tr("{n} %").format(n=100 if share == 1 else min(round(100 * share), 99))


def _kept(progress: TrainingProgress) -> str:
    if progress.checkpoint_step:
        return _tr("What was trained up to step {n} is kept.").format(n=progress.checkpoint_step)
    return _tr("Nothing was saved yet, so it begins again.")
