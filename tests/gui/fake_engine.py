"""A small engine that writes events and obeys commands, for tests of those who follow one. Run as a script.

``fake_engine.py STAGE RUN_DIR [HOW]``; HOW, or else the variable FAKE_ENGINE, says how it goes:
finish, wait (for commands, after five steps), fail, die, or refuse.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from training.events import EventLog, LineReader
from training.runs import RunFolder

STEPS = 5
PATIENCE = 60.0
"""Seconds after which it gives up waiting, so that nothing is left behind."""
ANSWERS = {"pause": "paused", "resume": "resumed"}


def main(stage: str, folder: Path, how: str) -> int:
    run = RunFolder(folder)
    run.claim()
    log = EventLog(run.events_file)
    if stage == "prior":
        return estimate(run, log, how)
    log.emit("started", stage=stage, step=0, steps=STEPS, device="CPU", precision="float32", parameters=1)
    for step in range(1, STEPS + 1):
        log.emit("step", **figures(step))
    draw(run, log, STEPS)
    if how == "wait":
        return obey(run, log)
    if how == "fail":
        log.emit("checkpoint", step=3, path="checkpoints/step-00000003")
        log.emit("failed", message="The disk is full.")
        return 2
    if how == "die":
        print("something went wrong in the depths", file=sys.stderr, flush=True)
        os._exit(3)
    if how == "refuse":
        print("There is no such model.", file=sys.stderr)
        return 2
    if stage == "export":
        sys.path.append(str(Path(__file__).parents[2]))
        from tests.model_folders import pixel_model

        pixel_model(Path(sys.argv[3]))
    log.emit("finished", step=STEPS, seconds=1.0)
    return 0


def figures(step: int) -> dict[str, float | None]:
    return {
        "step": step,
        "loss": 10.0 / step,
        "l_u": 12.0 / step,
        "l_s": 20.0 - step,
        "l_s_plus": None,
        "r": 10.0 / step,
        "learning_rate": 1e-4,
        "grad_norm": 1.0,
        "images_per_second": 100.0,
        "seconds_left": float(STEPS - step),
    }


def draw(run: RunFolder, log: EventLog, step: int) -> None:
    from PIL import Image

    run.samples.mkdir(exist_ok=True)
    path = run.samples / f"step-{step:08d}.png"
    Image.new("L", (16, 16), 200).save(path)
    log.emit("preview", step=step, path=path.relative_to(run.path).as_posix(), columns=2, count=4)


def obey(run: RunFolder, log: EventLog) -> int:
    commands, born = LineReader(run.commands_file), time.time()
    while time.time() < born + PATIENCE:
        for line in commands:
            if line["time"] < born - 1:
                continue
            if line["command"] == "stop":
                log.emit("stopped", step=STEPS)
                return 0
            if line["command"] == "sample":
                draw(run, log, STEPS + 1)
            else:
                log.emit(ANSWERS[line["command"]], step=STEPS)
        time.sleep(0.02)
    return 1


def estimate(run: RunFolder, log: EventLog, how: str) -> int:
    log.emit("started", stage="prior")
    if how == "fail":
        log.emit("failed", message="Too few images are labeled.")
        return 2
    found = {"beta": 0.09, "interval": [0.06, 0.13], "proposal": 0.14, "warning": "Few labels.", "method": "bbe"}
    (run.path / "prior.json").write_text(json.dumps(found))
    log.emit("result", **found)
    log.emit("finished", seconds=0.1)
    return 0


if __name__ == "__main__":
    last = sys.argv[-1]
    given = last if last in ("wait", "fail", "die", "refuse", "finish") else os.environ.get("FAKE_ENGINE", "finish")
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), given))
