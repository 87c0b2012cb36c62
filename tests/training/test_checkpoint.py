"""What is said of a checkpoint that cannot be written or read."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import HuggingFaceStorageWriter
from torch.distributed.checkpoint.api import CheckpointException

from training.checkpoint import full_disk_told, load_weights
from training.errors import UserError


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
