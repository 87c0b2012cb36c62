"""Checkpoints in one file, with their configuration in a folder."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.training.families.journey import journey
from tests.training.families.original_names import sd3_file, sdxl_file, stable_diffusion_file
from tests.training.families.plain import agree, our_samples, plain_pipeline, plain_samples
from tests.training.families.tiny_pipelines import sd3, sdxl, stable_diffusion
from training.errors import UserError
from training.families import load_model

CAPTIONS = ("a cat", "two dogs in a house")
Weights = dict[str, Tensor]


def sd1(folder: Path) -> tuple[Path, Weights]:
    return folder, stable_diffusion_file(plain_pipeline(stable_diffusion(folder)))


def sd2(folder: Path) -> tuple[Path, Weights]:
    pipeline = plain_pipeline(stable_diffusion(folder, prediction="v_prediction", use_linear_projection=True))
    return folder, stable_diffusion_file(pipeline, open_clip=True)


def xl(folder: Path) -> tuple[Path, Weights]:
    return folder, sdxl_file(plain_pipeline(sdxl(folder)))


def three(folder: Path) -> tuple[Path, Weights]:
    return identity_projection(sd3(folder))


def three_without_t5(folder: Path) -> tuple[Path, Weights]:
    return identity_projection(sd3(folder, t5=False))


def identity_projection(folder: Path) -> tuple[Path, Weights]:
    """What single files of Stable Diffusion 3 have for the projection of their first text encoder: nothing."""
    without = {} if (folder / "text_encoder_3").is_dir() else {"text_encoder_3": None, "tokenizer_3": None}
    pipeline = plain_pipeline(folder, **without)
    with torch.no_grad():
        pipeline.text_encoder.text_projection.weight.copy_(torch.eye(8))
    pipeline.save_pretrained(folder)
    return folder, sd3_file(pipeline)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Weights]:
    """A folder of Stable Diffusion 1.x, and the weights of the same model by their original names."""
    return sd1(tmp_path_factory.mktemp("whole") / "folder")


@pytest.fixture
def config(whole: tuple[Path, Weights], tmp_path: Path) -> Path:
    return without_weights(whole[0], tmp_path / "config")


@pytest.fixture
def file(whole: tuple[Path, Weights], tmp_path: Path) -> Path:
    return written(whole[1], tmp_path / "model.safetensors")


def without_weights(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.safetensors"))
    return target


def written(weights: Weights, path: Path) -> Path:
    save_file(weights, path)
    return path


@pytest.mark.parametrize("build", [sd1, sd2, xl, three, three_without_t5])
def test_draws_what_its_folder_draws(build: Callable[[Path], tuple[Path, Weights]], tmp_path: Path) -> None:
    folder, weights = build(tmp_path / "folder")
    file = written(weights, tmp_path / "model.safetensors")
    model = load_model(file, without_weights(folder, tmp_path / "config"))
    assert agree(our_samples(model, CAPTIONS), our_samples(load_model(folder), CAPTIONS))


def test_has_every_weight_of_its_folder(whole: tuple[Path, Weights], file: Path, config: Path) -> None:
    ours, theirs = load_model(file, config).pipeline.components, plain_pipeline(whole[0]).components
    for name, part in theirs.items():
        if isinstance(part, torch.nn.Module):
            state = ours[name].state_dict()
            assert all(torch.equal(state[key], value) for key, value in part.state_dict().items()), name
            assert not ours[name].training


def test_half_precision_becomes_float32(whole: tuple[Path, Weights], config: Path, tmp_path: Path) -> None:
    file = written({name: weight.half() for name, weight in whole[1].items()}, tmp_path / "half.safetensors")
    model = load_model(file, config)
    parts = [part for part in model.pipeline.components.values() if isinstance(part, torch.nn.Module)]
    assert {weight.dtype for part in parts for weight in part.parameters()} == {torch.float32}


def test_a_folder_of_the_files_name_beside_it_is_found(file: Path, config: Path) -> None:
    config.rename(file.with_suffix(""))
    assert load_model(file).image_size == 16


def test_a_file_that_lies_in_the_folder_of_its_parts(file: Path, config: Path) -> None:
    moved = file.rename(config / file.name)
    assert agree(our_samples(load_model(moved), CAPTIONS), our_samples(load_model(moved, config), CAPTIONS))


def test_a_users_way(file: Path, config: Path, tmp_path: Path) -> None:
    exported = journey(tmp_path, file, model__config=str(config), model__lora_rank=2)
    model, plain = load_model(exported), plain_pipeline(exported)
    assert agree(our_samples(model, CAPTIONS), plain_samples(plain, model, CAPTIONS, model.guidance))


def test_what_is_saved_is_a_whole_folder(file: Path, config: Path, tmp_path: Path) -> None:
    model = load_model(file, config)
    model.save(tmp_path / "saved")
    assert agree(our_samples(load_model(tmp_path / "saved"), CAPTIONS), our_samples(model, CAPTIONS))


def test_without_a_configuration_it_says_what_to_put_where(file: Path) -> None:
    with pytest.raises(UserError) as told:
        load_model(file)
    assert str(told.value) == (
        f"{file} comes without its configuration and tokenizers: name as model.config, or put at "
        f"{file.with_suffix('')}, a diffusers folder of the same version of Stable Diffusion (model_index.json and its "
        "parts; weights are not needed)."
    )


def test_a_configuration_that_is_not_there_is_named(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere is not a folder: name as model\.config"):
        load_model(file, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        ("tokenizer", "tokenizer/vocab.json"),
        ("unet", "unet/config.json"),
        ("vae", "vae/config.json"),
        ("text_encoder", "text_encoder/config.json"),
        ("scheduler", "scheduler/scheduler_config.json"),
    ],
)
def test_a_part_that_the_configuration_lacks_is_named(file: Path, config: Path, part: str, missing: str) -> None:
    shutil.rmtree(config / part)
    with pytest.raises(UserError, match=f"config lacks {missing}, which model.safetensors needs; copy it to .*config"):
        load_model(file, config)


def test_a_tokenizer_of_two_files_will_do(whole: tuple[Path, Weights], file: Path, config: Path) -> None:
    (config / "tokenizer" / "tokenizer.json").unlink()
    model = load_model(file, config)
    assert agree(our_samples(model, CAPTIONS), our_samples(load_model(whole[0]), CAPTIONS))
    (config / "tokenizer" / "merges.txt").unlink()
    with pytest.raises(UserError, match=r"config lacks tokenizer/merges\.txt"):
        load_model(file, config)


@pytest.mark.parametrize("part", ["tokenizer", "text_encoder_3"])
def test_a_part_from_elsewhere_is_refused(file: Path, config: Path, part: str) -> None:
    edit(config / "model_index.json", **{part: ["somebodys_package", "Tokenizer"]})
    with pytest.raises(UserError, match=rf"model_index\.json names no usable {part}"):
        load_model(file, config)


def test_a_configuration_that_asks_for_other_code_is_refused(file: Path, config: Path) -> None:
    edit(config / "text_encoder" / "config.json", attn_implementation="somebody/kernel")
    with pytest.raises(UserError, match="names code from elsewhere"):
        load_model(file, config)


def test_the_configuration_of_another_kind_is_refused(file: Path, tmp_path: Path) -> None:
    other = without_weights(sdxl(tmp_path / "folder"), tmp_path / "config")
    with pytest.raises(
        UserError, match=r"is of Stable Diffusion and .*config is the configuration of a StableDiffusionXL"
    ):
        load_model(file, other)


def test_the_configuration_of_another_version_is_refused(file: Path, config: Path) -> None:
    edit(config / "unet" / "config.json", cross_attention_dim=16)
    with pytest.raises(UserError, match=r"takes caption tokens of 8 values, and .* one that takes 16"):
        load_model(file, config)


def test_a_configuration_of_other_sizes_is_refused(file: Path, config: Path) -> None:
    edit(config / "unet" / "config.json", block_out_channels=[8, 32])
    with pytest.raises(UserError, match="cannot be loaded with the configuration in"):
        load_model(file, config)


def test_a_file_that_says_it_predicts_v_needs_such_a_scheduler(
    whole: tuple[Path, Weights], config: Path, tmp_path: Path
) -> None:
    file = written(whole[1] | {"v_pred": torch.zeros(0)}, tmp_path / "v.safetensors")
    with pytest.raises(UserError, match="says that its network predicts v"):
        load_model(file, config)
    edit(config / "scheduler" / "scheduler_config.json", prediction_type="v_prediction")
    assert load_model(file, config).process.prediction == "v_prediction"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("prefix", "sentence"),
    [
        ("first_stage_model.", r"has no vae \(weights named first_stage_model\.…\)"),
        ("cond_stage_model.", r"has no text_encoder \(weights named cond_stage_model\.…\)"),
        ("model.diffusion_model.", "is no single-file checkpoint of Stable Diffusion 1.x, 2.x, XL or 3"),
        (
            "model.diffusion_model.middle_block.2.",
            r"cannot be loaded with .* \(it lacks weights that are configured there\)",
        ),
        ("cond_stage_model.transformer.text_model.final", "lacks 2 weights of its text_encoder, the first of them"),
    ],
)
def test_an_incomplete_file_is_refused(
    whole: tuple[Path, Weights], config: Path, tmp_path: Path, prefix: str, sentence: str
) -> None:
    left = {name: weight for name, weight in whole[1].items() if not name.startswith(prefix)}
    with pytest.raises(UserError, match=sentence):
        load_model(written(left, tmp_path / "part.safetensors"), config)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"lora_unet_down.lora_up.weight": torch.zeros(1)}, "is a LoRA file, which only adds to a model"),
        (
            {"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(8, 9, 3, 3)},
            "takes 9 channels, as for inpaint",
        ),
    ],
)
def test_other_files_are_told_apart(tmp_path: Path, weights: Weights, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_model(written(weights, tmp_path / "other.safetensors"))


def test_a_damaged_file_is_refused(file: Path, config: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(UserError, match="cannot be read as a safetensors file"):
        load_model(file, config)


def edit(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")
