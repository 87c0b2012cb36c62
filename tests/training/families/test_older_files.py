"""Saved folders hold what libraries before transformers 5.6 read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file
from transformers import CLIPTokenizer

from tests.training.families.plain import agree, our_samples
from tests.training.families.tiny_pipelines import sd3, sdxl, stable_diffusion
from training.families import load_model

CAPTIONS = ("a cat", "two dogs in a house")


@pytest.fixture(params=[stable_diffusion, sdxl, sd3], ids=lambda family: family.__name__)
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """A base checkpoint, and the folder to which it was saved again."""
    build: Callable[[Path], Path] = request.param
    base = build(tmp_path / "base")
    load_model(base).save(tmp_path / "saved")
    return base, tmp_path / "saved"


def test_clip_has_the_names_that_its_weights_had(saved: tuple[Path, Path]) -> None:
    for folder in sorted(saved[1].glob("text_encoder*")):
        if json.loads((folder / "config.json").read_text("utf-8"))["model_type"] == "clip_text_model":
            names = load_file(folder / "model.safetensors")
            assert all(name.startswith(("text_model.", "text_projection.")) for name in names)


def test_clip_has_a_tokenizer_of_two_files(saved: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).write_bytes((saved[1] / "tokenizer" / name).read_bytes())
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path)
    assert tokenizer("a cat").input_ids == CLIPTokenizer.from_pretrained(saved[0] / "tokenizer")("a cat").input_ids


def test_t5_has_the_tokenizer_that_needs_no_sentencepiece_file(tmp_path: Path) -> None:
    load_model(sd3(tmp_path / "base")).save(tmp_path / "saved")
    index = json.loads((tmp_path / "saved" / "model_index.json").read_text("utf-8"))
    assert index["tokenizer_3"] == ["transformers", "T5TokenizerFast"]
    settings = json.loads((tmp_path / "saved" / "tokenizer_3" / "tokenizer_config.json").read_text("utf-8"))
    assert not isinstance(settings.get("extra_special_tokens", {}), list)


def test_newer_libraries_read_the_same(saved: tuple[Path, Path]) -> None:
    base, again = (our_samples(load_model(folder), CAPTIONS) for folder in saved)
    assert agree(again, base)
