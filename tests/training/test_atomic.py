"""Folders that are whole or not there, whatever ends the process that writes them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from training.atomic import atomic_folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_folder_is_replaced_only_by_a_complete_one(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with atomic_folder(target) as folder:
        (folder / "old").touch()
    with pytest.raises(RuntimeError), atomic_folder(target) as folder:
        (folder / "half").touch()
        raise RuntimeError
    assert names(target) == {"old"}
    with atomic_folder(target) as folder:
        (folder / "new").touch()
        assert names(target) == {"old"}
    assert names(target) == {"new"} and names(tmp_path) == {"model"}


def test_the_former_folder_comes_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "model"
    (target / "old").mkdir(parents=True)
    rename = Path.rename

    def refused(self: Path, new: Path) -> Path:
        if self.suffix == ".tmp":
            raise PermissionError
        return rename(self, new)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(PermissionError), atomic_folder(target):
        pass
    assert names(target) == {"old"} and names(tmp_path) == {"model"}


def test_the_next_try_clears_up_after_a_killed_one(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from training.atomic import atomic_folder\n"
        "with atomic_folder(Path(sys.argv[1])) as folder: os.kill(os.getpid(), 9)\n"
    )
    target = tmp_path / "step-00000004"
    assert subprocess.run([sys.executable, "-c", script, target], check=False).returncode == -9
    assert len(names(tmp_path)) == 1 and not target.exists()
    with atomic_folder(target):
        pass
    assert names(tmp_path) == {"step-00000004"}
