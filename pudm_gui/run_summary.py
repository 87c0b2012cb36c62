"""What Review and Export need to know of a run, read from its folder in one go, off the GUI thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from pudm_gui.verdict import Verdict, verdict
from training.errors import UserError
from training.events import Event
from training.report import Report
from training.runs import RunFolder, RunState, run_state


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A trained run with its evaluation, if there is one."""

    run: RunFolder
    title: str
    """The name that the person gave."""
    name: str
    """Title and number, to tell runs apart."""
    state: RunState
    fine_tuned: bool
    """Whether there is a model from before to compare with."""
    lora: bool
    """Whether an adapter was trained, which is exported beside the whole model."""
    step: int
    """Of the weights that are there."""
    steps: int
    report: Report | None
    problem: str
    """Why the last evaluation or its report cannot be used; "" where all is well."""

    @property
    def verdict(self) -> Verdict | None:
        return None if self.report is None else verdict(self.report)


def trained_runs(runs: Iterable[RunFolder]) -> list[RunSummary]:
    """Summaries of those `runs` whose training has ended with weights to show, in the given order.

    One that failed may have them too: after divergence they are those of the last good checkpoint.
    """
    summaries = (summarize(run) for run in runs)
    return [summary for summary in summaries if summary is not None]


def summarize(run: RunFolder) -> RunSummary | None:
    """Read one run folder; None where there is nothing to review yet, or the folder is not a readable run."""
    events = run.events()
    state = run_state(events, alive=run.worker() is not None)
    step = _saved_step(run)
    if state not in ("finished", "stopped", "failed") or step is None:
        return None
    try:
        spec = run.spec()
    except UserError:
        return None
    report, problem = _read_report(run)
    return RunSummary(
        run=run,
        title=spec.name,
        name=_numbered(run, spec.name),
        state=state,
        fine_tuned=spec.model.source != "scratch",
        lora=spec.model.lora_rank > 0,
        step=step,
        steps=spec.optim.steps,
        report=report,
        problem=problem or _last_failure(events, "evaluate"),
    )


def choose(summaries: Sequence[RunSummary], wanted: RunFolder | None) -> RunSummary:
    """The summary of `wanted`, else the first: the newest."""
    return next((summary for summary in summaries if summary.run == wanted), summaries[0])


def _numbered(run: RunFolder, title: str) -> str:
    number = run.path.name.partition("-")[0]
    if not number.isdigit():
        return title
    return QCoreApplication.translate("RunSummary", "{title} (run {number})").format(title=title, number=int(number))


def _saved_step(run: RunFolder) -> int | None:
    """Step of the latest checkpoint; None where there is none."""
    steps = [path.name.removeprefix("step-") for path in run.checkpoints.glob("step-*")]
    return max((int(step) for step in steps if step.isdecimal()), default=None)


def _read_report(run: RunFolder) -> tuple[Report | None, str]:
    if not run.report_file.exists():
        return None, ""
    try:
        return Report.load(run.report_file), ""
    except UserError as error:
        return None, str(error)


def _last_failure(events: Sequence[Event], stage: str) -> str:
    """The message with which the last `stage` failed; "" where it ended well, or none ran."""
    message = ""
    current = ""
    for event in events:
        kind = event.get("event")
        if kind == "started":
            current = str(event.get("stage"))
            if current == stage:
                message = ""
        elif current == stage and kind == "failed":
            message = str(event.get("message", ""))
    return message
