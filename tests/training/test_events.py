"""The event log under torn lines, non-finite numbers and a full disk; run states out of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from training.errors import UserError
from training.events import EventLog, LineReader, send_command
from training.runs import RunFolder, run_state


def test_reader_yields_only_what_is_new(tmp_path: Path) -> None:
    log, reader = EventLog(tmp_path / "events.jsonl"), LineReader(tmp_path / "events.jsonl")
    assert list(reader) == []
    log.emit("step", step=1)
    assert [event["step"] for event in reader] == [1]
    log.emit("step", step=2)
    assert [event["step"] for event in reader] == [2]


def test_an_unfinished_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "a"}\n{"event": "b"')
    reader = LineReader(path)
    assert [event["event"] for event in reader] == ["a"]
    with path.open("ab") as file:
        file.write(b"}\n")
    assert [event["event"] for event in reader] == ["b"]


def test_a_torn_line_of_a_killed_writer_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "a"}\n{"event": "to')
    EventLog(path).emit("c")
    assert [event["event"] for event in LineReader(path)] == ["a", "c"]


def test_non_finite_numbers_become_null(tmp_path: Path) -> None:
    EventLog(tmp_path / "events.jsonl").emit("step", loss=float("nan"), r=[float("inf"), 1.0])
    line = json.loads((tmp_path / "events.jsonl").read_text())
    assert line["loss"] is None and line["r"] == [None, 1.0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").symlink_to("/dev/full")
    with pytest.raises(UserError, match="The disk is full"):
        EventLog(tmp_path / "events.jsonl").emit("step")


@pytest.mark.parametrize(
    ("events", "alive", "state"),
    [
        ([], False, "new"),
        (["started:train"], True, "running"),
        (["started:train", "step"], False, "interrupted"),
        (["started:train", "step", "paused"], True, "paused"),
        (["started:train", "step", "paused"], False, "interrupted"),
        (["started:train", "step", "paused", "resumed"], True, "running"),
        (["started:train", "step", "stopped"], False, "stopped"),
        (["started:train", "failed"], False, "failed"),
        (["started:train", "step", "finished"], False, "finished"),
        (["started:train", "finished", "started:evaluate", "failed"], False, "finished"),
        (["started:train", "step", "started:train"], True, "running"),
        (["started:train", "step", "stopped", "started:evaluate"], True, "stopped"),
    ],
)
def test_state_of_a_run(events: list[str], alive: bool, state: str) -> None:
    lines = [{"event": e.split(":")[0], "stage": e.partition(":")[2]} for e in events]
    assert run_state(lines, alive) == state


def test_a_live_worker_keeps_others_out(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = psutil.Process(process.pid).create_time()
    run.process_file.write_text(json.dumps({"pid": process.pid, "started": started}))
    assert run.worker() == process.pid
    with pytest.raises(UserError, match=f"already being worked on by process {process.pid}"):
        run.claim()
    process.communicate(b"\n")
    assert run.worker() is None
    run.claim()
    assert run.worker() == os.getpid()


def test_a_reused_pid_is_no_worker(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.process_file.write_text(json.dumps({"pid": os.getpid(), "started": 1.0}))
    assert run.worker() is None


@pytest.mark.parametrize("content", ["", "[1]", '{"pid": "1"}', '{"pid": 1}'])
def test_a_damaged_process_file_is_no_worker(tmp_path: Path, content: str) -> None:
    run = RunFolder(tmp_path)
    run.process_file.write_text(content)
    assert run.worker() is None


def test_commands_append(tmp_path: Path) -> None:
    send_command(tmp_path, "pause")
    send_command(tmp_path, "stop")
    assert [line["command"] for line in LineReader(tmp_path / "commands.jsonl")] == ["pause", "stop"]


def test_of_many_processes_that_start_together_one_gets_the_run(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from training.errors import UserError\n"
        "from training.runs import RunFolder\n"
        "while time.time() < float(sys.argv[2]): pass\n"
        "try: RunFolder(Path(sys.argv[1])).claim(); print('mine', flush=True)\n"
        "except UserError: print('taken', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path), str(time.time() + 2)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=Path.cwd()) for _ in range(5)]
    answers = [process.stdout.readline().strip() for process in processes]  # type: ignore[union-attr]
    for process in processes:
        process.communicate()
    assert sorted(answers) == ["mine", "taken", "taken", "taken", "taken"]
