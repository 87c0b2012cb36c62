"""What one of several processes does, without the others."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import HuggingFaceStorageWriter
from torch.distributed.checkpoint.api import CheckpointException

from training.checkpoint import full_disk_told, load_weights
from training.device import pick_device
from training.errors import UserError
from training.ranks import Ranks


@pytest.mark.parametrize("main_process", ["done", "nothing", "failed"])
def test_the_others_do_as_the_main_process_did(main_process: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(box: list[str], source: int) -> None:
        box[0] = main_process

    monkeypatch.setattr(dist, "broadcast_object_list", told)
    worked = []
    if main_process == "failed":
        with pytest.raises(SystemExit):
            Ranks(1, 2).main_first(lambda: worked.append(1))
    else:
        assert Ranks(1, 2).main_first(lambda: worked.append(1) or 5) == (5 if main_process == "done" else None)
    assert len(worked) == (main_process == "done")


@pytest.mark.parametrize(("work", "told"), [(lambda: 5, "done"), (lambda: None, "nothing"), (lambda: [][0], "failed")])
def test_the_main_process_tells_how_it_went(work: object, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(dist, "broadcast_object_list", lambda box, source: heard.extend(box))
    try:
        Ranks(0, 2).main_first(work)  # type: ignore[arg-type]
    except IndexError:
        assert told == "failed"
    assert heard == [told]


def test_more_processes_than_gpus_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert pick_device("cuda") == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(UserError, match="more processes than GPUs on this machine, which has 2"):
        pick_device("auto")
    assert pick_device("cpu") == torch.device("cpu")


def test_what_torch_says_of_all_processes_becomes_a_sentence_or_a_defect() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    sentence = "The disk is full, so the checkpoint could not be written"
    with pytest.raises(UserError, match=sentence), full_disk_told("the checkpoint"):
        raise CheckpointException("write", {1: (full, None)})  # type: ignore[dict-item]
    with pytest.raises(RuntimeError, match="no such device"), full_disk_told("the checkpoint"):
        raise CheckpointException("write", {1: (ValueError("no such device"), None)})  # type: ignore[dict-item]


@pytest.mark.parametrize("damage", ["cut short", "gone"])
@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
def test_damaged_shards_are_one_sentence(damage: str, tmp_path: Path) -> None:
    writer = HuggingFaceStorageWriter(str(tmp_path / "model"), save_distributed=True)
    dcp.save({"weight": torch.ones(20, 20)}, storage_writer=writer, no_dist=True)
    assert load_weights(tmp_path, "raw")["weight"].sum() == 400
    [shard] = (tmp_path / "model").glob("*.safetensors")
    if damage == "gone":
        shard.unlink()
    else:
        shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"cannot be read .*; delete that folder to go on from the one before"):
        load_weights(tmp_path, "raw")
