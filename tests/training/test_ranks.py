"""What one of several processes does, without the others."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist

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
