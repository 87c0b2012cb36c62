"""What a run says to whoever started it by hand: few lines, also of a long run, and the events as ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.events import LineReader
from training.spoken import SpokenLog


def test_a_long_run_is_told_in_few_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = SpokenLog(tmp_path / "events.jsonl")
    log.emit("started", stage="train", step=0, steps=1000, device="CPU, 2 threads", precision="bf16")
    log.emit("progress", what="Reading images", done=500, total=1200)
    log.emit("progress", what="Reading images", done=1200, total=1200)
    for step in range(1, 1001):
        log.emit("step", step=step, loss=12.345, images_per_second=88.8, seconds_left=float(1000 - step))
    log.emit("preview", step=1000, nsr=0.981)
    log.emit("checkpoint", step=1000, path="checkpoints/step-00001000")
    log.emit("finished", step=1000, seconds=60.0, early=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Training from step 0 of 1000 on CPU, 2 threads, bf16", "Reading images: 1,200 of 1,200"]
    steps = [line for line in lines if line.endswith("left")]
    assert len(steps) == 21
    assert steps[1] == "Step 50 of 1000: loss 12.35, 88.8 images/s, 950 s left"
    assert lines[-3:-1] == [
        "Step 1000: 98.1% of the samples are not sensitive, as the labels tell",
        "Saved checkpoints/step-00001000",
    ]
    assert lines[-1].startswith("Finished at step 1000 in 60 s. Next: pudm evaluate")
    assert len(list(LineReader(tmp_path / "events.jsonl"))) == 1006
