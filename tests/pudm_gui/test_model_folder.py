"""What the window learns of a checkpoint without loading it, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pudm_gui.model_folder import ConfigNeededError, read_model_folder
from tests import model_folders as build
from training.errors import UserError


@pytest.mark.parametrize(
    ("make", "family", "size", "conditioning", "lora"),
    [
        (build.pixel_model, "Pixel diffusion", 8, "none", False),
        (build.latent_model, "Latent diffusion", 256, "none", False),
        (build.stable_diffusion, "Stable Diffusion", 512, "caption", True),
        (build.stable_diffusion_xl, "Stable Diffusion XL", 1024, "caption", True),
        (build.diffusion_transformer, "Diffusion transformer", 256, "class", False),
        (build.stable_diffusion_3, "Stable Diffusion 3", 1024, "caption", True),
    ],
)
def test_every_family_says_what_it_is(
    tmp_path: Path, make: Callable[[Path], Path], family: str, size: int, conditioning: str, lora: bool
) -> None:
    facts = read_model_folder(make(tmp_path / "model"))
    assert (facts.family, facts.image_size, facts.conditioning, facts.lora) == (family, size, conditioning, lora)
    assert facts.channels == (1 if make is build.pixel_model else 3)
    assert facts.parameters == build.PARAMETERS
    assert facts.config is None


def test_a_pixel_model_with_classes_is_conditional(tmp_path: Path) -> None:
    facts = read_model_folder(build.pixel_model(tmp_path / "model", classes=10))
    assert (facts.conditioning, facts.classes) == ("class", 10)


def test_a_transformer_lists_its_classes_by_name(tmp_path: Path) -> None:
    facts = read_model_folder(build.diffusion_transformer(tmp_path / "model"))
    assert facts.classes == 1000
    assert facts.class_names == {"tench": 0, "Tinca tinca": 0, "goldfish": 1}


def test_parameters_are_those_of_one_variant_with_all_its_shards(tmp_path: Path) -> None:
    unet = build.stable_diffusion(tmp_path / "model") / "unet"
    name = "diffusion_pytorch_model"
    (unet / f"{name}.safetensors").unlink()
    for suffix in (".fp16", ".non_ema", "-00001-of-00002", "-00002-of-00002"):
        save_file({"weight": np.zeros((3, 5), np.float32)}, unet / f"{name}{suffix}.safetensors")
    assert read_model_folder(unet.parent).parameters == 30


class TestSingleFile:
    def test_takes_what_it_lacks_from_a_folder_of_its_kind(self, tmp_path: Path) -> None:
        file, config = build.single_file(tmp_path / "v1.safetensors"), build.stable_diffusion(tmp_path / "config")
        facts = read_model_folder(file, config)
        assert (facts.path, facts.config) == (file, config)
        assert (facts.family, facts.image_size, facts.conditioning) == ("Stable Diffusion", 512, "caption")
        assert facts.parameters == 8  # of the denoiser alone

    def test_finds_a_folder_beside_it(self, tmp_path: Path) -> None:
        config = build.stable_diffusion(tmp_path / "v1")
        assert read_model_folder(build.single_file(tmp_path / "v1.safetensors")).config == config

    def test_without_one_says_what_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigNeededError, match="neither configuration nor tokenizers"):
            read_model_folder(build.single_file(tmp_path / "v1.safetensors"))

    def test_a_folder_of_another_kind_does_not_do(self, tmp_path: Path) -> None:
        file = build.single_file(tmp_path / "v1.safetensors")
        with pytest.raises(UserError, match="is the configuration of a StableDiffusionXLPipeline"):
            read_model_folder(file, build.stable_diffusion_xl(tmp_path / "xl"))

    @pytest.mark.parametrize(
        ("tensor", "words"),
        [
            ("lora_unet_down.alpha", "is a LoRA file"),
            ("down_blocks.0.weight", "of a network alone"),
            ("something.else", "not a whole checkpoint"),
        ],
    )
    def test_other_weights_are_told_apart(self, tmp_path: Path, tensor: str, words: str) -> None:
        save_file({tensor: np.zeros(1, np.float32)}, tmp_path / "weights.safetensors")
        with pytest.raises(UserError, match=words):
            read_model_folder(tmp_path / "weights.safetensors")

    def test_inpainting_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="takes 9 channels"):
            read_model_folder(build.single_file(tmp_path / "inpaint.safetensors", channels=9))

    @pytest.mark.parametrize(("name", "words"), [("model.ckpt", "pickled"), ("cat.png", "another kind")])
    def test_files_that_are_no_safetensors(self, tmp_path: Path, name: str, words: str) -> None:
        (tmp_path / name).write_bytes(b"\x80\x02")
        with pytest.raises(UserError, match=words):
            read_model_folder(tmp_path / name)

    @pytest.mark.parametrize("content", [b"", b"\xff" * 64, (9).to_bytes(8, "little") + b"{"])
    def test_damaged_ones(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "torn.safetensors").write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            read_model_folder(tmp_path / "torn.safetensors")


class TestIncompleteFolders:
    def test_a_part_without_its_folder(self, tmp_path: Path) -> None:
        model = build.stable_diffusion(tmp_path / "model")
        (model / "tokenizer").rmdir()
        with pytest.raises(UserError, match="names tokenizer, and there is no folder tokenizer"):
            read_model_folder(model)

    def test_t5_may_have_been_removed(self, tmp_path: Path) -> None:
        folder = build.stable_diffusion_3(tmp_path / "sd3")
        index = json.loads((folder / "model_index.json").read_text())
        named = {"text_encoder_3": ["transformers", "T5EncoderModel"], "tokenizer_3": ["transformers", "T5Tokenizer"]}
        (folder / "model_index.json").write_text(json.dumps(index | named))
        assert read_model_folder(folder).family == "Stable Diffusion 3"
        (folder / "text_encoder_3").mkdir()
        with pytest.raises(UserError, match="there is no folder tokenizer_3"):
            read_model_folder(folder)

    def test_no_weights(self, tmp_path: Path) -> None:
        model = build.pixel_model(tmp_path / "model")
        weights = model / "unet" / "diffusion_pytorch_model.safetensors"
        weights.unlink()
        with pytest.raises(UserError, match="has no weights"):
            read_model_folder(model)
        weights.with_suffix(".bin").touch()
        with pytest.raises(UserError, match="pickled"):
            read_model_folder(model)

    def test_no_configuration_of_the_network(self, tmp_path: Path) -> None:
        model = build.pixel_model(tmp_path / "model")
        (model / "unet" / "config.json").unlink()
        with pytest.raises(UserError, match=r"unet/config\.json is missing"):
            read_model_folder(model)

    def test_another_pipeline(self, tmp_path: Path) -> None:
        (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
        with pytest.raises(UserError, match="holds a FluxPipeline, which is not supported"):
            read_model_folder(tmp_path)

    def test_a_damaged_index(self, tmp_path: Path) -> None:
        (tmp_path / "model_index.json").write_text("{")
        with pytest.raises(UserError, match="cannot be read"):
            read_model_folder(tmp_path)


def test_the_window_and_the_engine_mean_the_same_models() -> None:
    from importlib import import_module

    from pudm_gui.model_folder import FAMILIES
    from training import families

    assert FAMILIES.keys() == families.FAMILIES.keys()
    for name, (module, cls) in families.FAMILIES.items():
        model = getattr(import_module(f"training.families.{module}"), cls)
        assert FAMILIES[name].lora == bool(model.lora_targets)
        assert FAMILIES[name].conditioning in (model.conditioning, "none")
        assert bool(FAMILIES[name].autoencoder) == model.encodes
