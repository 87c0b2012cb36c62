"""A run folder: the only thing that a window and an engine process share.

0001-name/
  spec.json         what to do (`training.spec`)
  manifest.jsonl    frozen images and labels (`training.manifest`)
  events.jsonl      what happened (`training.events`)
  commands.jsonl    what was asked for while running
  process.json      pid and start time of the engine process that works, or last worked, on it
  log.txt           everything the engine printed
  cache/            decoded images; can be deleted
  checkpoints/      step-00000400/ …
  samples/          step-00000400.png …
  evaluation/       before/ and after/: PNG files by seed
  report.json       the verdict's figures (`training.report`)
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from filelock import FileLock

from training.atomic import write_atomic
from training.errors import UserError
from training.events import Event, LineReader
from training.manifest import ManifestEntry, write_manifest
from training.spec import RunSpec

RunState = Literal["new", "running", "paused", "stopped", "finished", "failed", "interrupted"]
START_TOLERANCE = 1.0
"""Seconds by which two readings of one process's start time may differ (clock granularity)."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of a run, and what can be told from them."""

    path: Path

    @property
    def spec_file(self) -> Path:
        return self.path / "spec.json"

    @property
    def manifest_file(self) -> Path:
        return self.path / "manifest.jsonl"

    @property
    def events_file(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def commands_file(self) -> Path:
        return self.path / "commands.jsonl"

    @property
    def process_file(self) -> Path:
        return self.path / "process.json"

    @property
    def log_file(self) -> Path:
        return self.path / "log.txt"

    @property
    def report_file(self) -> Path:
        return self.path / "report.json"

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def evaluation(self) -> Path:
        return self.path / "evaluation"

    def spec(self) -> RunSpec:
        return RunSpec.load(self.spec_file)

    def events(self) -> list[Event]:
        return list(LineReader(self.events_file))

    def claim(self) -> None:
        """Record this process as the one that works on the run.

        Raises
        ------
        UserError
            Another live process already does.
        """
        with FileLock(self.path / ".claim"):  # of two that start together one has to see the other
            other = self.worker()
            if other is not None and other != os.getpid():
                raise UserError(f"{self.path.name} is already being worked on by process {other}; stop that one first.")
            me = {"pid": os.getpid(), "started": psutil.Process().create_time()}
            write_atomic(self.process_file, json.dumps(me) + "\n")

    def worker(self) -> int | None:
        """The pid of the live process that works on the run, if there is one. A reused pid does not count."""
        try:
            record = json.loads(self.process_file.read_text("utf-8"))
            process = psutil.Process(record["pid"])
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            alive = abs(process.create_time() - record["started"]) < START_TOLERANCE
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None
        return process.pid if alive else None

    def state(self) -> RunState:
        """Where training stands, from the event log and from whether its process lives."""
        return run_state(self.events(), alive=self.worker() is not None)


def run_state(events: Iterable[Event], alive: bool) -> RunState:
    """Where training stands after `events`; later stages such as evaluation do not count."""
    state: RunState = "new"
    stage: object = None  # before the first "started" only training says anything: that it prepares, or cannot start
    for event in events:
        kind = event.get("event")
        if kind == "started":
            stage = event.get("stage")
            if stage == "train":
                state = "running"
        elif stage not in (None, "train"):
            continue
        elif kind in ("paused", "stopped", "finished", "failed"):
            state = kind
        elif kind in ("resumed", "step"):
            state = "running"
    if state in ("running", "paused") and not (alive and stage in (None, "train")):
        return "interrupted"
    return state


def create_run(folder: Path, spec: RunSpec, entries: Iterable[ManifestEntry]) -> RunFolder:
    """Write a new run folder with its spec and manifest.

    Raises
    ------
    UserError
        `folder` exists, or the disk is full.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UserError(f"{folder} already exists; choose another name for the run.") from None
    run = RunFolder(folder)
    write_manifest(run.manifest_file, entries)
    spec.save(run.spec_file)
    return run


def engine_command(stage: str, *arguments: str | Path) -> list[str]:
    """The command line that runs one stage of the engine in a process of its own."""
    if getattr(sys, "frozen", False):  # an installed application has the engine as a second executable beside it
        engine = Path(sys.executable).with_name("pudm-engine" + Path(sys.executable).suffix)
        return [str(engine), stage, *map(str, arguments)]
    # -P: a folder named training where the command was given must not take the place of this package.
    return [sys.executable, "-P", "-m", "training", stage, *map(str, arguments)]
