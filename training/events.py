"""How an engine process tells what it does, and is told what to do: JSON lines in the run folder.

`events.jsonl` is appended by the engine alone and read by anyone; `commands.jsonl` the other way round. Each line is
written by one ``write`` to a file opened for appending, so a reader sees whole lines or, at the end, one that is not
yet finished, which it leaves for the next look.

Every event has ``time`` (UNIX seconds) and ``event``. The events and their further keys:

started     stage ("train", "sample", "evaluate", "prior", "features", "export"); train: pid, step, steps,
            device, precision
progress    what (a phrase for people), done, total; where images are looked at: images_per_second, seconds_left
preflight   what the run needs and what there is (`training.preflight`)
step        step, loss, l_u, l_s, l_s_plus, r, learning_rate, grad_norm, images_per_second, seconds_left;
            terms that an objective does not have are null
preview     step, path (PNG sheet, relative to the run folder), columns, count; conditional models: conditions; where
            the run may end early: nsr, nsr_interval (share of samples that are not sensitive, as the labels tell)
checkpoint  step, path
paused, resumed, stopped     step, where there are any
warning     message: a sentence for people
failed      message; for a defect also traceback; where training diverged: diverged (true), kept (step of the last good
            checkpoint, or null)
finished    step, seconds, early (whether training ended before its last step because it was good enough)
result      stage-specific outcome (export: folder and checks; prior: estimate; sample: folder)
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from training.atomic import disk_error

Command = Literal["pause", "resume", "stop", "sample"]
Event = dict[str, Any]


class EventLog:
    """Appends events to one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def emit(self, event: str, **fields: Any) -> None:
        append_line(self.path, {"time": time.time(), "event": event, **fields})


class SilentLog(EventLog):
    """For the processes of a run that leave the telling to the first."""

    def emit(self, event: str, **fields: Any) -> None:
        """Say nothing."""


class LineReader:
    """Reads the lines added to a JSON-lines file since the last look. A missing file is an empty one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def __iter__(self) -> Iterator[Event]:
        try:
            if self.path.stat().st_size <= self._offset:
                return
        except FileNotFoundError:
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            chunk = file.read()
        whole = chunk[: chunk.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                decoded = json.loads(line)
            except ValueError:
                continue  # the torn last line of a killed process, closed by the next writer
            if isinstance(decoded, dict):
                yield decoded


def append_line(path: Path, document: Event) -> None:
    """Append one object. Non-finite numbers become null, since JSON has none.

    Raises
    ------
    UserError
        The disk is full.
    """
    data = (json.dumps(_finite(document)) + "\n").encode()
    try:
        with path.open("ab+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":  # a killed writer's torn line
                    data = b"\n" + data
            file.write(data)
    except OSError as error:
        raise disk_error(error, path) from error


def send_command(run_dir: Path, command: Command) -> None:
    append_line(run_dir / "commands.jsonl", {"time": time.time(), "command": command})


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
