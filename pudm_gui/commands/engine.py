"""Running one stage of the engine as a child process and following its events."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pudm_gui.commands.console import BAD_INPUT, Console, counted_interrupts, duration
from training.errors import UserError
from training.events import Event, LineReader, send_command
from training.runs import RunFolder, engine_command

POLL_SECONDS = 0.1
STOPPED_BY_COMMAND = {
    "train": "Stopping after this step and saving",
    "features": "Stopping after these images and keeping what is there",
}
"""Stages that end well when asked to, and what is said then."""


class EngineError(Exception):
    """The engine ended in a way that is not the user's mistake; the message says where its log is."""


class StageInterruptedError(Exception):
    """The user ended a stage that leaves nothing half done behind."""


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """What one stage told while it ran."""

    events: list[Event]

    def last(self, kind: str) -> Event | None:
        return next((event for event in reversed(self.events) if event.get("event") == kind), None)

    @property
    def stopped(self) -> bool:
        return self.last("stopped") is not None


def run_stage(
    stage: str, folder: RunFolder, arguments: Sequence[str | Path], console: Console, *, log: Path | None = None
) -> StageOutcome:
    """Run ``python -m training STAGE ARGUMENTS`` to its end and show its events on `console`.

    The engine's output is appended to `log`, the log of `folder` unless given. Ctrl+C asks training to stop after its
    step; a second one, and the first in any other stage, ends the engine at once.

    Raises
    ------
    UserError
        The engine found the input wrong.
    EngineError
        It broke, or was ended from outside.
    StageInterruptedError
        Ctrl+C ended it before it had anything to keep.
    """
    log = folder.log_file if log is None else log
    reader = LineReader(folder.events_file)
    list(reader)  # what earlier stages told
    with log.open("ab") as output:
        log_start = output.tell()
        process = subprocess.Popen(
            engine_command(stage, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **_detached(),
        )
    events, ended_by_user = _follow(stage, process, reader, folder, console)
    console.end_progress()
    outcome = StageOutcome(events)
    if process.returncode == 0:
        return outcome
    if ended_by_user:
        raise StageInterruptedError(f"Stopped the {stage} stage at once.")
    raise _failure(process.returncode, outcome, log, log_start)


def _detached() -> dict[str, Any]:
    """Keep the terminal's Ctrl+C away from the engine: it is told to stop by a command instead."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _follow(
    stage: str, process: subprocess.Popen[bytes], reader: LineReader, folder: RunFolder, console: Console
) -> tuple[list[Event], bool]:
    events: list[Event] = []
    printer = EventPrinter(console)
    answered = 0
    with counted_interrupts() as interrupts:
        while True:
            ended = process.poll() is not None  # asked before reading, so that its last words are read too
            for event in reader:
                events.append(event)
                printer.show(event)
            if ended:
                return events, answered > 0
            if interrupts.count > answered:
                started = any(event.get("event") == "started" for event in events)
                _interrupt(answered, stage if started else "", process, folder, console)
                answered += 1
            time.sleep(POLL_SECONDS)


def _interrupt(
    answered: int, stage: str, process: subprocess.Popen[bytes], folder: RunFolder, console: Console
) -> None:
    if answered > 0:
        process.kill()
    elif stage in STOPPED_BY_COMMAND:
        send_command(folder.path, "stop")
        console.say(f"{STOPPED_BY_COMMAND[stage]}; press Ctrl+C again to end at once.")
    else:
        process.terminate()


class EventPrinter:
    """Turns engine events into progress and sentences; those for machines alone show nothing."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps = 0
        self._nsr: float | None = None

    def show(self, event: Event) -> None:
        kind = event.get("event")
        if kind == "started":
            self._steps = int(event.get("steps") or 0)
            if event.get("step"):
                self._console.say(f"Going on from step {event['step']} of {self._steps}.")
        elif kind == "preflight":
            if event.get("message"):
                self._console.say(str(event["message"]))
        elif kind == "preview":
            self._nsr = event.get("nsr")
            if self._nsr is not None:
                self._console.say(f"Step {event.get('step')}: {_percent(self._nsr)} of the samples are not sensitive.")
        elif kind == "finished" and event.get("early"):
            share = "" if self._nsr is None else f", at {_percent(self._nsr)} of samples not sensitive"
            self._console.say(f"Ended early{share}.")
        elif kind == "step":
            self._console.progress("Training", int(event["step"]), self._steps, _step_note(event))
        elif kind == "progress":
            what, done, total = event.get("what"), event.get("done"), event.get("total")
            self._console.progress(str(what or "Working"), int(done or 0), int(total or 0), _pace_note(event))
        elif kind == "warning":
            self._console.say(f"Note: {event.get('message')}")
        elif kind == "paused":
            self._console.say("Paused." if event.get("step") is None else f"Paused at step {event['step']}.")
        elif kind == "resumed":
            self._console.say("Going on." if event.get("step") is None else f"Going on from step {event['step']}.")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _step_note(event: Event) -> str:
    loss = [f"loss {event['loss']:.4g}"] if event.get("loss") is not None else []
    return "  ".join([*loss, *_pace(event)])


def _pace_note(event: Event) -> str:
    return "  ".join(_pace(event))


def _pace(event: Event) -> list[str]:
    parts = []
    if event.get("images_per_second") is not None:
        parts.append(f"{event['images_per_second']:.0f} images/s")
    if event.get("seconds_left") is not None:
        parts.append(f"{duration(event['seconds_left'])} left")
    return parts


def _failure(code: int, outcome: StageOutcome, log: Path, log_start: int) -> Exception:
    failed = outcome.last("failed")
    message = str(failed["message"]) if failed and failed.get("message") else _last_line(log, log_start)
    if code == BAD_INPUT and message:
        return UserError(message)
    if code < 0 and not failed:
        message = f"The engine was ended from outside (signal {-code}), which is often a lack of memory."
    return EngineError(f"{message or f'The engine ended with code {code}.'} Its log is {log}")


def _last_line(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
