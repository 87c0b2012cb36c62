"""What the stages after training owe to every family: features, samples, and exports that diffusers loads."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from tests.training.families.every import CHECKPOINTS
from training.__main__ import main
from training.export import save_model
from training.export_checks import Check, verify
from training.export_lora import write_adapters
from training.export_privacy import Secrets
from training.families import DiffusionModel, load_model
from training.features import network_features
from training.lora import add_adapters

CPU = torch.device("cpu")
NO_SECRETS = Secrets(frozenset(), frozenset(), frozenset())
ASKED = {"none": [], "class": ["--class", "1"], "caption": ["--prompt", "a cat"]}


@pytest.fixture(scope="module", params=CHECKPOINTS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return CHECKPOINTS[request.param](tmp_path_factory.mktemp("every") / "model")


@pytest.fixture
def model(checkpoint: Path) -> DiffusionModel:
    return load_model(checkpoint)


def images_for(model: DiffusionModel, count: int) -> np.ndarray:
    shape = (count, model.channels, model.image_size, model.image_size)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def checked(folder: Path, model: DiffusionModel, secrets: Secrets = NO_SECRETS) -> dict[str, Check]:
    return {check.name: check for check in verify(folder, model, CPU, secrets)}


# Features


def test_the_middle_of_any_network_describes_images_one_by_one(model: DiffusionModel) -> None:
    extract = network_features(model, CPU, batch_size=3)
    images = images_for(model, 5)
    found = extract(images)
    assert found.shape == (5, extract.dimension) and extract.dimension % 3 == 0
    np.testing.assert_allclose(extract(images[3:4]), found[3:4], atol=1e-4 * np.abs(found).max())
    assert np.ptp(found, axis=0).max() > 1e-2 * np.abs(found).max()
    assert extract(images[:0]).shape == (0, extract.dimension)


# Samples


def test_sample_writes_what_was_asked_for(checkpoint: Path, model: DiffusionModel, tmp_path: Path) -> None:
    asked = ASKED[model.conditioning]
    assert main(["sample", str(checkpoint), "--n", "2", "--out", str(tmp_path), "--sampling-steps", "2", *asked]) == 0
    files = sorted(tmp_path.glob("*.png"))
    assert [path.name for path in files] == ["00000.png", "00001.png"]
    with Image.open(files[0]) as image:
        assert image.size == (model.image_size, model.image_size)


# Exports


def test_an_export_is_proved_with_diffusers_alone(model: DiffusionModel, tmp_path: Path) -> None:
    save_model(model, tmp_path)
    checks = checked(tmp_path, model)
    assert all(check.ok for check in checks.values()), checks
    kind = "Euler" if "Flow" in type(model.process).__name__ else "DDIM"
    assert f"{kind} steps, bit for bit on CPU" in checks["same samples"].detail
    for text in (*tmp_path.rglob("*.json"), *tmp_path.rglob("*.txt")):
        assert "name_or_path" not in text.read_text()


def test_an_export_that_differs_is_found_out(model: DiffusionModel, tmp_path: Path) -> None:
    """In the network, and in a part that was never trained."""
    save_model(model, tmp_path)
    for file in sorted(tmp_path.rglob("*.safetensors")):
        before = file.read_bytes()
        tensors = load_file(file)
        first = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
        tensors[first] = tensors[first] + 1e-3
        save_file(tensors, file, {"format": "pt"})
        assert "1 of" in checked(tmp_path, model)["same samples"].detail
        file.write_bytes(before)


@pytest.fixture(params=["SD", "SDXL", "SD3"])
def adapted(request: pytest.FixtureRequest, tmp_path: Path) -> DiffusionModel:
    """With adapters that change something, as after training."""
    model = load_model(CHECKPOINTS[request.param](tmp_path / "base"))
    add_adapters(model, 2, 4.0)
    torch.manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.denoiser.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    return model


def test_adapters_are_exported_merged_and_as_a_file_that_makes_the_base_the_same(
    adapted: DiffusionModel, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    whole, check = write_adapters(adapted, out)
    save_model(whole, out)
    assert check == Check("LoRA file", True, "on the base model it gives the merged weights")
    checks = checked(out, whole)
    assert all(check.ok for check in checks.values()), checks
    base = load_model(tmp_path / "base").denoiser.state_dict()
    assert any(not torch.equal(base[name], tensor) for name, tensor in whole.denoiser.state_dict().items())


def test_a_lora_file_that_lost_something_is_found_out(
    adapted: DiffusionModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import export_lora

    save = export_lora.save_adapters

    def losing(model: DiffusionModel, folder: Path) -> None:
        save(model, folder)
        file = folder / "pytorch_lora_weights.safetensors"
        save_file({name: tensor * 0.5 for name, tensor in load_file(file).items()}, file, {"format": "pt"})

    monkeypatch.setattr(export_lora, "save_adapters", losing)
    _, check = write_adapters(adapted, tmp_path / "out")
    assert not check.ok and "weights differ" in check.detail


def test_words_of_a_vocabulary_are_no_secret_but_a_path_in_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "anna")
    model = load_model(CHECKPOINTS["SD"](tmp_path / "base"))
    save_model(model, tmp_path / "out")
    vocabulary = tmp_path / "out" / "tokenizer" / "tokenizer.json"
    document = json.loads(vocabulary.read_text())
    secrets = Secrets(frozenset({"/data/faces"}), frozenset(), frozenset({"anna"}))
    for word, ok in (("anna", True), ("//a/b", True), ("/data/faces/x", False)):
        vocabulary.write_text(json.dumps(document | {"note": word}))
        assert checked(tmp_path / "out", model, secrets)["no paths"].ok == ok
    (tmp_path / "out" / "README.md").write_text("by anna")
    vocabulary.write_text(json.dumps(document))
    assert not checked(tmp_path / "out", model, secrets)["no paths"].ok
