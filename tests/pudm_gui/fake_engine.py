"""A stand-in for ``python -m training`` that ends in every way the engine can; the environment says in which."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from training.events import EventLog, LineReader
from training.runs import RunFolder

STEPS = 40


def main() -> int:
    stage, folder, *_ = sys.argv[1:]
    run = RunFolder(Path(folder))
    log = EventLog(run.events_file)
    behaviour = os.environ.get("FAKE_ENGINE", "finish")
    if behaviour == "refuse":
        log.emit("failed", message="The disk is full: free some space.")
        return 2
    resumed = any(event.get("event") == "stopped" for event in run.events())
    log.emit("started", stage=stage, step=7 if resumed else 0, steps=STEPS)
    if behaviour == "break":
        log.emit("failed", message="The program failed.", traceback="Traceback …")
        return 1
    if behaviour == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour.startswith("interrupted"):
        os.kill(os.getppid(), signal.SIGINT)
        return _until_stopped(run, log, obedient=behaviour == "interrupted once")
    if stage == "prior":
        estimate = {"beta": 0.09, "interval": [0.06, 0.13], "proposal": 0.13, "n_sensitive": 5, "n_unlabeled": 20}
        (run.path / "prior.json").write_text(json.dumps(estimate | {"warning": "Few labels.", "method": "fake"}))
    if behaviour == "early":
        log.emit(
            "preflight", needed=9_200_000_000, there=78_000_000_000, message="Training takes about 9.2 GB of 78 GB."
        )
        log.emit("preview", step=20, path="samples/20.png", columns=4, count=16, nsr=0.98)
        log.emit("finished", step=20, seconds=1.0, early=True)
        return 0
    for step in range(1, STEPS + 1):
        log.emit("step", step=step, loss=1.0, images_per_second=100.0, seconds_left=float(STEPS - step))
    log.emit("finished", step=STEPS, seconds=1.0)
    return 0


def _until_stopped(run: RunFolder, log: EventLog, *, obedient: bool) -> int:
    commands = LineReader(run.commands_file)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(line["command"] == "stop" for line in commands):
            if obedient:
                log.emit("stopped", step=7)
                return 0
            os.kill(os.getppid(), signal.SIGINT)  # the impatient user's second Ctrl+C
        time.sleep(0.01)
    return 3


if __name__ == "__main__":
    sys.exit(main())
