"""What a checkpoint holds whatever the optimizer shares, and what is said of one that cannot be written or read."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import HuggingFaceStorageWriter
from torch.distributed.checkpoint.api import CheckpointException

from tests.training.builders import make_run
from training.checkpoint import CheckpointState, full_disk_told, load_weights, restore, save_checkpoint
from training.ema import Ema
from training.errors import UserError


def test_values_that_the_parameters_share_are_saved_for_each(tmp_path: Path) -> None:
    """As bitsandbytes' map from 8 bits to values, which is one for all parameters."""
    run, network = make_run(tmp_path), torch.nn.Linear(2, 3)
    ema, optimizer = Ema(dict(network.named_parameters()), 0.9), torch.optim.AdamW(network.parameters())
    shared = torch.linspace(-1, 1, 256)
    for parameter in network.parameters():
        optimizer.state[parameter] = {"step": 7, "qmap1": shared, "state1": torch.ones_like(parameter)}
    state = CheckpointState(3, 0, "float32", 8, 0, None, "scratch", "", 0, None)
    checkpoint = save_checkpoint(run, state, network, ema, optimizer, keep=1)
    optimizer.state.clear()
    restore(checkpoint, network, ema, optimizer)
    for parameter in network.parameters():
        found = optimizer.state[parameter]
        assert found["step"] == 7 and torch.equal(found["qmap1"], shared)


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
