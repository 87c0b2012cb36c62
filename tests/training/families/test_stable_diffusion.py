"""Stable Diffusion 1.x and 2.x, against plain diffusers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny, DDIMScheduler, FlowMatchEulerDiscreteScheduler
from safetensors.torch import load_file, save_file

from tests.training.families.journey import journey
from tests.training.families.plain import agree, our_samples, plain_pipeline, plain_samples
from tests.training.families.tiny_pipelines import SCHEDULE, stable_diffusion, vae
from training.errors import UserError
from training.families import captions, load_model
from training.families.stable_diffusion import StableDiffusionModel

CPU = torch.device("cpu")
CAPTIONS = ("a cat", "two dogs in a house")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stable_diffusion(tmp_path_factory.mktemp("sd") / "model")


@pytest.fixture
def model(folder: Path) -> StableDiffusionModel:
    model = load_model(folder)
    assert isinstance(model, StableDiffusionModel)
    return model


def test_says_what_it_works_on(model: StableDiffusionModel) -> None:
    assert (model.conditioning, model.image_size, model.channels, model.latent_shape) == ("caption", 16, 3, (4, 8, 8))


@pytest.mark.parametrize("rank", [0, 2], ids=["all weights", "LoRA"])
def test_a_users_way(tmp_path: Path, folder: Path, rank: int) -> None:
    exported = journey(tmp_path, folder, model__lora_rank=rank)
    model, plain = load_model(exported), plain_pipeline(exported)
    assert agree(our_samples(model, CAPTIONS), plain_samples(plain, model, CAPTIONS, model.guidance))


@pytest.mark.parametrize("guidance", [1.0, 7.5])
def test_draws_what_diffusers_draws(model: StableDiffusionModel, folder: Path, guidance: float) -> None:
    theirs = plain_samples(plain_pipeline(folder), model, CAPTIONS, guidance)
    assert agree(our_samples(model, CAPTIONS, guidance), theirs)


def test_draws_what_diffusers_draws_where_the_network_predicts_v(tmp_path: Path) -> None:
    folder = stable_diffusion(tmp_path / "v", prediction="v_prediction")
    model = load_model(folder)
    assert model.process.prediction == "v_prediction"  # type: ignore[attr-defined]
    assert agree(our_samples(model, CAPTIONS), plain_samples(plain_pipeline(folder), model, CAPTIONS, model.guidance))


def test_captions_count(model: StableDiffusionModel) -> None:
    assert not agree(our_samples(model, CAPTIONS), our_samples(model, ("a bird", "rain")))


def test_an_image_is_kept_as_the_distribution_of_its_latent(model: StableDiffusionModel, folder: Path) -> None:
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    encoded = model.encode(images)
    noise = torch.randn(2, *model.latent_shape)
    plain = plain_pipeline(folder).vae
    spread, scale = plain.encode(images).latent_dist, plain.config["scaling_factor"]
    assert encoded.shape == (2, 8, 8, 8) and encoded.dtype == torch.float32
    torch.testing.assert_close(model.latents(encoded, noise), (spread.mean + spread.std * noise) * scale)
    torch.testing.assert_close(model.decode(spread.mean * scale), plain.decode(spread.mean).sample)


def test_no_condition_is_the_empty_caption(model: StableDiffusionModel) -> None:
    assert model.null_condition == ""
    assert model.embed([], CPU) == {}


def test_a_caption_of_as_many_tokens_as_the_limit_is_taken(model: StableDiffusionModel) -> None:
    model.check_conditions(["cat " * 75])  # and the first and the last token


def test_of_many_captions_the_last_is_checked_as_well(
    model: StableDiffusionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captions, "CHECKED_AT_ONCE", 2)
    model.check_conditions(["a cat"] * 5)
    with pytest.raises(UserError, match="tokens, and the model reads at most"):
        model.check_conditions([*["a cat"] * 4, "cat " * 100])


def test_a_longer_caption_is_refused(model: StableDiffusionModel) -> None:
    with pytest.raises(UserError, match=r"“cat cat .*…” has 78 tokens, and the model reads at most 77; shorten it"):
        model.check_conditions(["short", "cat " * 76])


def test_a_tokenizer_without_a_limit_gets_that_of_its_encoder(folder: Path) -> None:
    pipeline = plain_pipeline(folder)
    pipeline.tokenizer.model_max_length = int(1e30)
    assert StableDiffusionModel(pipeline).embed(["cat"], CPU)["encoder_hidden_states"].shape == (1, 77, 8)


def test_a_class_is_no_caption(model: StableDiffusionModel) -> None:
    with pytest.raises(UserError, match="takes captions, and an image has the class 3"):
        model.check_conditions([3])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"in_channels": 9}, "takes 9 channels and gives 4, as for inpainting"),
        ({"autoencoder": vae(channels=8)}, "latents of 8 channels and the network takes 4"),
        ({"cross_attention_dim": 16}, "tokens of 8 values and the network takes 16"),
        ({"time_cond_proj_dim": 8}, "distilled"),
        ({"num_class_embeds": 5}, "more than a caption \\(num_class_embeds\\)"),
        ({"sample_size": (8, 16)}, "only models of square images"),
        (
            {"scheduler": DDIMScheduler(**SCHEDULE, prediction_type="flow_prediction", clip_sample=False)},
            "predicts flow_prediction",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path: Path, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_model(stable_diffusion(tmp_path / "model", **settings))


def test_a_scheduler_of_another_process_is_refused(folder: Path) -> None:
    pipeline = plain_pipeline(folder)
    pipeline.scheduler = FlowMatchEulerDiscreteScheduler()
    with pytest.raises(UserError, match="FlowMatchEulerDiscreteScheduler does not belong to this kind of network"):
        StableDiffusionModel(pipeline)


@pytest.mark.parametrize("part", ["vae", "text_encoder", "tokenizer", "unet", "scheduler"])
def test_a_missing_part_is_named(folder: Path, tmp_path: Path, part: str) -> None:
    shutil.copytree(folder, tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / part)
    with pytest.raises(UserError, match=f"is incomplete: it has no {part}"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("part", ["vae", "text_encoder"])
def test_a_frozen_part_without_some_of_its_weights_is_refused(folder: Path, tmp_path: Path, part: str) -> None:
    copied = shutil.copytree(folder, tmp_path / "model")
    (file,) = (copied / part).glob("*.safetensors")
    weights = load_file(file)
    weights.pop(sorted(weights)[-1])
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(UserError, match=rf"{part} cannot be loaded \(1 are missing, the first of them "):
        load_model(copied)


def test_weights_that_an_index_takes_from_a_pickle_are_never_opened(folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(folder, tmp_path / "model")
    (file,) = (copied / "text_encoder").glob("*.safetensors")
    torch.save(load_file(file), copied / "text_encoder" / "weights.bin")
    index = {"metadata": {}, "weight_map": dict.fromkeys(load_file(file), "weights.bin")}
    file.rename(file.with_name("other.safetensors"))
    (copied / "text_encoder" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"names the weights 'weights\.bin', which are no safetensors beside it"):
        load_model(copied)


@pytest.mark.parametrize(
    ("part", "setting", "sentence"),
    [
        ("text_encoder", {"attn_implementation": "somebody/kernel"}, "names code from elsewhere to compute attention"),
        ("text_encoder", {"deeper": [{"_attn_implementation": "a/b"}]}, "names code from elsewhere"),
        ("vae", {"quantization_config": {"load_in_8bit": True}}, "are quantised, and cannot be trained"),
        ("unet", {"quantization_config": {"load_in_8bit": True}}, "are quantised, and cannot be trained"),
    ],
)
def test_a_configuration_that_asks_for_other_code_is_refused(
    folder: Path, tmp_path: Path, part: str, setting: dict[str, Any], sentence: str
) -> None:
    file = shutil.copytree(folder, tmp_path / "model") / part / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | setting))
    with pytest.raises(UserError, match=sentence):
        load_model(tmp_path / "model")


def test_an_adapter_in_place_of_a_text_encoder_is_refused(folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(folder, tmp_path / "model")
    (copied / "text_encoder" / "adapter_config.json").write_text('{"base_model_name_or_path": "/elsewhere"}')
    with pytest.raises(UserError, match="text_encoder holds an adapter"):
        load_model(copied)


@pytest.mark.parametrize(
    ("vae", "sentence"),
    [
        (["diffusers"], "does not name library and class of its vae"),
        (["transformers", "AutoModel"], "said to be a AutoModel, which transformers has no network of"),
        (["diffusers", "AutoencoderTiny"], "cannot be loaded"),
    ],
)
def test_a_part_of_another_kind_is_refused(folder: Path, tmp_path: Path, vae: list[str], sentence: str) -> None:
    copied = shutil.copytree(folder, tmp_path / "model")
    index = json.loads((copied / "model_index.json").read_text())
    (copied / "model_index.json").write_text(json.dumps(index | {"vae": vae}))
    with pytest.raises(UserError, match=sentence):
        load_model(copied)


def test_an_autoencoder_of_another_kind_is_refused(folder: Path) -> None:
    pipeline = plain_pipeline(folder)
    pipeline.register_modules(vae=AutoencoderTiny())
    with pytest.raises(UserError, match="The autoencoder is a AutoencoderTiny"):
        StableDiffusionModel(pipeline)
