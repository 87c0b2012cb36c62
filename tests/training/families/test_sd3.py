"""Stable Diffusion 3, against plain diffusers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from diffusers import DDIMScheduler

from tests.training.families.journey import journey
from tests.training.families.plain import agree, our_samples, plain_pipeline, plain_samples
from tests.training.families.tiny_pipelines import sd3
from training.errors import UserError
from training.families import load_model
from training.families.sd3 import Sd3Model

CPU = torch.device("cpu")
CAPTIONS = ("a cat", "two dogs in a house")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sd3(tmp_path_factory.mktemp("sd3") / "model")


@pytest.fixture
def model(folder: Path) -> Sd3Model:
    model = load_model(folder)
    assert isinstance(model, Sd3Model)
    return model


@pytest.mark.parametrize("rank", [0, 2], ids=["all weights", "LoRA"])
def test_a_users_way(tmp_path: Path, folder: Path, rank: int) -> None:
    exported = journey(tmp_path, folder, model__lora_rank=rank)
    model, plain = load_model(exported), plain_pipeline(exported)
    assert agree(our_samples(model, CAPTIONS), plain_samples(plain, model, CAPTIONS, model.guidance))


@pytest.mark.parametrize("guidance", [1.0, 7.0])
def test_draws_what_diffusers_draws(model: Sd3Model, folder: Path, guidance: float) -> None:
    theirs = plain_samples(plain_pipeline(folder), model, CAPTIONS, guidance)
    assert agree(our_samples(model, CAPTIONS, guidance), theirs)


def test_draws_what_diffusers_draws_without_t5(tmp_path: Path) -> None:
    folder = sd3(tmp_path / "model", t5=False)
    model, plain = load_model(folder), plain_pipeline_without_t5(folder)
    assert agree(our_samples(model, CAPTIONS), plain_samples(plain, model, CAPTIONS, model.guidance))


def test_t5_may_have_been_removed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "model")
    for part in ("text_encoder_3", "tokenizer_3"):
        shutil.rmtree(tmp_path / "model" / part)
    model = load_model(tmp_path / "model")
    theirs = plain_samples(plain_pipeline_without_t5(folder), model, CAPTIONS, 7.0)
    assert agree(our_samples(model, CAPTIONS), theirs)
    assert not agree(our_samples(load_model(folder), CAPTIONS), theirs)


def test_what_is_saved_without_t5_loads_again(folder: Path, tmp_path: Path) -> None:
    model = load_model(sd3(tmp_path / "model", t5=False))
    model.save(tmp_path / "saved")
    assert agree(our_samples(load_model(tmp_path / "saved"), CAPTIONS), our_samples(model, CAPTIONS))


def test_t5_without_its_tokenizer_is_incomplete(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "tokenizer_3")
    with pytest.raises(UserError, match="is incomplete: it has no tokenizer_3"):
        load_model(tmp_path / "model")


def test_captions_count(model: Sd3Model) -> None:
    assert not agree(our_samples(model, CAPTIONS), our_samples(model, ("a bird", "rain")))


def test_latents_are_shifted_and_scaled(model: Sd3Model, folder: Path) -> None:
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    noise = torch.randn(2, *model.latent_shape)
    plain = plain_pipeline(folder).vae
    spread = plain.encode(images).latent_dist
    expected = (spread.mean + spread.std * noise - 0.0609) * 1.5305
    torch.testing.assert_close(model.latents(model.encode(images), noise), expected)
    torch.testing.assert_close(model.decode((spread.mean - 0.0609) * 1.5305), plain.decode(spread.mean).sample)


def test_a_caption_over_the_limit_of_clip_is_refused(model: Sd3Model) -> None:
    with pytest.raises(UserError, match=r"“cat cat .*…” has 78 tokens, and the model reads at most 77; shorten it"):
        model.check_conditions(["cat " * 76])


def test_a_caption_over_the_limit_of_t5_is_refused(model: Sd3Model) -> None:
    model.pipeline.tokenizer.model_max_length = model.token_limit = 1000
    with pytest.raises(UserError, match=r"“cat cat .*…” has \d+ tokens, and the model reads at most 256; shorten it"):
        model.check_conditions(["cat " * 300])


def test_noise_levels_shifted_by_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="shifts its noise levels by the size of each image"):
        load_model(sd3(tmp_path / "model", use_dynamic_shifting=True))


def test_a_scheduler_of_another_process_is_refused(folder: Path) -> None:
    pipeline = plain_pipeline(folder)
    pipeline.scheduler = DDIMScheduler()
    with pytest.raises(UserError, match="DDIMScheduler does not belong to this kind of network"):
        Sd3Model(pipeline)


def test_a_checkpoint_without_clip_is_refused(folder: Path) -> None:
    pipeline = plain_pipeline(folder)
    pipeline.register_modules(text_encoder_2=None)
    with pytest.raises(UserError, match="lacks one of its two CLIP text encoders"):
        Sd3Model(pipeline)


def plain_pipeline_without_t5(folder: Path):
    return plain_pipeline(folder, text_encoder_3=None, tokenizer_3=None)
