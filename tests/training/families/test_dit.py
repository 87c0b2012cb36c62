"""DiTPipeline: a transformer on the latents of a KL autoencoder, by class."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DiffusionPipeline, DiTPipeline, DiTTransformer2DModel

from tests.training.families.journey import journey, plain_samples
from tests.training.families.tiny_latents import CLASSES, tiny_dit, tiny_vae
from training.errors import UserError
from training.families import load_model
from training.families.dit import DiTModel
from training.sampling import sample_images

CPU = torch.device("cpu")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    tiny_dit().save_pretrained(tmp_path / "dit")
    return tmp_path / "dit"


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_facts_come_from_the_parts(checkpoint: Path) -> None:
    model = load_model(checkpoint)
    assert isinstance(model, DiTModel)
    assert (model.image_size, model.channels, model.latent_shape) == (16, 3, (4, 8, 8))
    assert (model.conditioning, model.null_condition) == ("class", CLASSES)


def test_latents_are_draws_from_the_autoencoders_distribution(checkpoint: Path) -> None:
    model = load_model(checkpoint)
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    encoded = model.encode(images)
    spread = DiffusionPipeline.from_pretrained(checkpoint, local_files_only=True).vae.encode(images).latent_dist
    noise = torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(model.latents(encoded, noise), (spread.mean + spread.std * noise) * 0.18215)


@pytest.mark.parametrize("guidance", [1.0, 3.0])
@pytest.mark.parametrize("out_channels", [4, 8])
def test_samples_are_those_of_the_plain_pipeline(tmp_path: Path, out_channels: int, guidance: float) -> None:
    """With a learned variance and without it."""
    tiny_dit(out_channels=out_channels).save_pretrained(tmp_path)
    classes = [7, 999, 0]
    ours = sample_images(
        load_model(tmp_path), seeds=[3, 4, 5], steps=5, device=CPU, conditions=classes, guidance=guidance
    )
    theirs = plain_samples(tmp_path, [3, 4, 5], class_labels=classes, guidance_scale=guidance, num_inference_steps=5)
    assert np.ptp(ours) > 0
    assert np.array_equal(ours, theirs)


def test_no_class_is_dropped_in_training_but_by_the_runs_setting(checkpoint: Path) -> None:
    """diffusers' blocks each drop a tenth of the classes, drawn afresh: the loss would not be that of the class."""
    model = load_model(checkpoint)
    model.denoiser.train()
    noisy, timesteps = torch.randn(64, 4, 8, 8), torch.full((64,), 10)
    conditions = model.embed([5] * 64, CPU)
    first, second = (model.predict(model.denoiser, noisy, timesteps, conditions) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == noisy.shape


def test_whole_journey(checkpoint: Path, tmp_path: Path) -> None:
    names = {"0": "cat, tabby", "1": "dog"}
    edit(checkpoint / "model_index.json", id2label=names)
    out = journey(tmp_path, checkpoint)
    again = DiffusionPipeline.from_pretrained(out, local_files_only=True)
    assert isinstance(again, DiTPipeline)
    assert again.labels == {"cat": 0, "tabby": 0, "dog": 1}
    card = (out / "README.md").read_text("utf-8")
    assert "(diffusion transformer model), which draws by class, of which there are 1,000" in card
    assert "pipeline(class_labels=[0], guidance_scale=4)" in card


def test_checkpoint_saved_under_the_networks_earlier_name_loads(checkpoint: Path) -> None:
    edit(checkpoint / "transformer" / "config.json", _class_name="Transformer2DModel", use_linear_projection=False)
    edit(checkpoint / "model_index.json", transformer=["diffusers", "Transformer2DModel"])
    assert isinstance(load_model(checkpoint).denoiser, DiTTransformer2DModel)


@pytest.mark.parametrize("value", [1000, -1, "cat"])
def test_class_outside_the_range_is_refused(checkpoint: Path, value: object) -> None:
    with pytest.raises(UserError, match=f"the classes 0 to 999, and an image is of class {value}"):
        load_model(checkpoint).check_conditions([3, value])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("vae", "network", "sentence"),
    [
        (tiny_vae(3), {}, "latents of 3 channels and the network takes 4; use the vae folder"),
        (None, {"out_channels": 5}, "5 output channels for 4 input channels"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    vae: AutoencoderKL | None, network: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        DiTModel(tiny_dit(vae, **network))


def test_network_of_another_pipeline_is_refused(checkpoint: Path) -> None:
    edit(checkpoint / "transformer" / "config.json", _class_name="SD3Transformer2DModel")
    with pytest.raises(UserError, match="is a SD3Transformer2DModel, and a DiTPipeline needs a DiTTransformer2DModel"):
        load_model(checkpoint)


def test_missing_network_is_named(checkpoint: Path) -> None:
    (checkpoint / "transformer" / "diffusion_pytorch_model.safetensors").rename(checkpoint / "elsewhere")
    with pytest.raises(UserError, match="transformer has no weights"):
        load_model(checkpoint)
