"""`pudm features`: the real engine once, and what is said of each mistake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pudm_gui.cli import main
from pudm_gui.project.features import missing_features
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import scan
from training.feature_store import FeatureStore


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """Six pictures, of which two are the same."""
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(6):
        pixels = np.random.default_rng(max(index, 1)).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    with Project.create(tmp_path / "test.pudm") as made:
        add_root(made, folder)
        scan(made)
    yield tmp_path / "test.pudm"


def test_features_are_computed_and_then_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", str(project), "--encoder", "pixels", "--device", "cpu", "--json"]) == 0
    out, err = capsys.readouterr()
    folder = project / "features" / "pixels"
    assert json.loads(out) == {"encoder": "pixels", "rows": 5, "missing": 0, "folder": str(folder)}
    assert "Looking at the images  5/5" in err
    assert len(FeatureStore.open(folder)) == 5
    with Project.open(project) as opened:
        assert missing_features(opened, "pixels") == 0


def test_ctrl_c_stops_and_says_how_to_go_on(
    project: Path, capsys: pytest.CaptureFixture[str], fake_engine: Callable[[str], None]
) -> None:
    fake_engine("interrupted once")
    assert main(["features", str(project), "--encoder", "pixels"]) == 130
    err = capsys.readouterr().err
    assert "Stopping after these images and keeping what is there" in err
    assert "Stopped; go on with the same command. 5 images are left." in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--encoder", "magic"], "There is no encoder and no folder magic"),
        (["--encoder", "base"], "needs a model"),
        (["--encoder", "base", "--from", "nowhere"], "There is no model"),
        (["--encoder", "."], "is not an image encoder's folder"),
    ],
)
def test_a_mistake_gets_one_sentence(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(project.parent)
    assert main(["features", str(project), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert sentence in err
