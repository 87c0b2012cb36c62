"""What several tests of the application without a window share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pudm_gui.commands import engine

FAKE_ENGINE = Path(__file__).with_name("fake_engine.py")


@pytest.fixture
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put the fake engine in the real one's place; call it with a behaviour to change that."""
    monkeypatch.setattr(engine, "engine_command", lambda *words: [sys.executable, str(FAKE_ENGINE), *map(str, words)])
    return lambda behaviour: monkeypatch.setenv("FAKE_ENGINE", behaviour)
