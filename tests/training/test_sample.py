"""The sample stage: what a model can be asked for, and what it says where it is asked for something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.families.every import CHECKPOINTS
from training.__main__ import main


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {
        name: CHECKPOINTS[name](folder / name.replace(" ", "-")) for name in ("pixels", "pixels by class", "DiT", "SD")
    }


def drawn(model: Path, out: Path, *asked: str) -> np.ndarray:
    arguments = ["sample", str(model), "--n", "1", "--seed", "5", "--sampling-steps", "3", "--out", str(out), *asked]
    assert main(arguments) == 0
    with Image.open(out / "00000.png") as image:
        return np.array(image)


def test_what_is_asked_for_counts(models: dict[str, Path], tmp_path: Path) -> None:
    """Another class, another caption or another guidance makes another image from the same seed; the same, the same."""
    for name, one, other in (
        ("pixels by class", ["--class", "1"], ["--class", "2"]),
        ("DiT", ["--class", "1"], ["--class", "2"]),
        ("DiT", ["--class", "1"], ["--class", "1", "--guidance", "1"]),
        ("SD", ["--prompt", "a cat"], ["--prompt", "two dogs"]),
        ("SD", ["--prompt", "a cat"], ["--prompt", "a cat", "--guidance", "2.5"]),
    ):
        where = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}"
        first = drawn(models[name], where / "a", *one)
        assert np.array_equal(first, drawn(models[name], where / "again", *one))
        assert not np.array_equal(first, drawn(models[name], where / "b", *other)), (name, one, other)


def test_an_empty_caption_is_a_caption(models: dict[str, Path], tmp_path: Path) -> None:
    assert drawn(models["SD"], tmp_path / "out", "--prompt", "").shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("name", "asked", "sentence"),
    [
        ("SD", [], "draws from a caption; say what to draw with --prompt"),
        ("DiT", [], "draws one of its classes, 0 to 999; name one with --class"),
        ("pixels by class", ["--class", "3"], "its classes, 0 to 2, and --class is 3"),
        ("DiT", ["--class", "-1"], "its classes, 0 to 999, and --class is -1"),
        ("SD", ["--prompt", "cat " * 200], "tokens, and the model reads at most"),
        ("SD", ["--class", "1"], "takes no class; leave out --class"),
        ("DiT", ["--prompt", "a cat"], "takes no caption; leave out --prompt"),
        ("pixels", ["--prompt", "a cat"], "takes no caption; leave out --prompt"),
        ("pixels", ["--class", "1"], "takes no class; leave out --class"),
        ("pixels", ["--guidance", "2"], "nothing to guide this model by"),
        ("pixels by class", ["--class", "1", "--guidance", "2"], "nothing to guide this model by"),
        ("SD", ["--prompt", "a cat", "--guidance", "0.5"], "--guidance is 0.5; give 1"),
    ],
)
def test_what_a_model_cannot_be_asked_for(
    models: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    asked: list[str],
    sentence: str,
) -> None:
    out = tmp_path / "out"
    assert main(["sample", str(models[name]), "--out", str(out), *asked]) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()
