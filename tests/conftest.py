"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the engine has it: spinning threads crawl on a busy machine
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # there are as many workers as processors
os.environ["HF_HUB_OFFLINE"] = "1"  # a test that reaches for a hub is a defect

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real images that `PUDM_TEST_DATA` names; see `tests/README.md`."""
    folder = Path(os.environ.get("PUDM_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"No real images at {folder}: set PUDM_TEST_DATA to a folder that has them.")
    return folder
