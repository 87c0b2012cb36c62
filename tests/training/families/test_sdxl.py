"""Stable Diffusion XL, against plain diffusers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.families.journey import journey
from tests.training.families.plain import agree, our_samples, plain_pipeline, plain_samples
from tests.training.families.tiny_pipelines import sdxl
from training.errors import UserError
from training.families import load_model
from training.families.sdxl import SdxlModel

CPU = torch.device("cpu")
CAPTIONS = ("a cat", "two dogs in a house")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sdxl(tmp_path_factory.mktemp("sdxl") / "model")


@pytest.fixture
def model(folder: Path) -> SdxlModel:
    model = load_model(folder)
    assert isinstance(model, SdxlModel)
    return model


@pytest.mark.parametrize("rank", [0, 2], ids=["all weights", "LoRA"])
def test_a_users_way(tmp_path: Path, folder: Path, rank: int) -> None:
    exported = journey(tmp_path, folder, model__lora_rank=rank)
    model, plain = load_model(exported), plain_pipeline(exported)
    assert agree(our_samples(model, CAPTIONS), plain_samples(plain, model, CAPTIONS, model.guidance))


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_draws_what_diffusers_draws(model: SdxlModel, folder: Path, guidance: float) -> None:
    theirs = plain_samples(plain_pipeline(folder), model, CAPTIONS, guidance)
    assert agree(our_samples(model, CAPTIONS, guidance), theirs)


def test_draws_what_diffusers_draws_where_no_caption_is_an_empty_one(tmp_path: Path) -> None:
    folder = sdxl(tmp_path / "model", zeros=False)
    model = load_model(folder)
    assert model.embed([""], CPU)["text_embeds"].abs().max() > 0
    assert agree(our_samples(model, CAPTIONS), plain_samples(plain_pipeline(folder), model, CAPTIONS, model.guidance))


def test_captions_count(model: SdxlModel) -> None:
    assert not agree(our_samples(model, CAPTIONS), our_samples(model, ("a bird", "rain")))


def test_images_count_as_whole_and_as_large_as_the_models_own(model: SdxlModel) -> None:
    conditions = model.embed(["a cat", "a dog"], CPU)
    assert conditions["time_ids"].tolist() == [[16, 16, 0, 0, 16, 16]] * 2
    assert {name: tuple(value.shape) for name, value in conditions.items()} == {
        "encoder_hidden_states": (2, 77, 24),
        "text_embeds": (2, 8),
        "time_ids": (2, 6),
    }


def test_no_caption_is_zeros(model: SdxlModel) -> None:
    conditions = model.embed(["", "a cat"], CPU)
    for name in ("encoder_hidden_states", "text_embeds"):
        assert [float(value.abs().max()) > 0 for value in conditions[name]] == [False, True]


def test_latents_have_the_scale_that_the_network_was_trained_on(model: SdxlModel, folder: Path) -> None:
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    noise = torch.randn(2, *model.latent_shape)
    spread = plain_pipeline(folder).vae.encode(images).latent_dist
    expected = (spread.mean + spread.std * noise) * 0.13025
    torch.testing.assert_close(model.latents(model.encode(images), noise), expected)


def test_a_caption_over_the_limit_is_refused(model: SdxlModel) -> None:
    with pytest.raises(UserError, match=r"“cat cat .*…” has 78 tokens, and the model reads at most 77; shorten it"):
        model.check_conditions(["cat " * 76])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"cross_attention_dim": 8}, "tokens of 24 values and the network takes 8"),
        ({"projection_class_embeddings_input_dim": 40}, "a caption of 8 values and the network takes 16"),
        ({"in_channels": 9}, "as for inpainting"),
        ({"addition_embed_type": None}, "takes no image size"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path: Path, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_model(sdxl(tmp_path / "model", **settings))


def test_a_refiner_is_refused(folder: Path) -> None:
    pipeline = plain_pipeline(folder)
    pipeline.register_modules(text_encoder=None, tokenizer=None)
    with pytest.raises(UserError, match="lacks one of the two text encoders"):
        SdxlModel(pipeline)
