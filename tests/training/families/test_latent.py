"""LDMPipeline: unconditional diffusion on the latents of a VQ autoencoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler, LDMPipeline

from tests.training.families.journey import journey, plain_samples
from tests.training.families.tiny_latents import tiny_ldm
from training.errors import UserError
from training.families import load_model
from training.families.latent import LatentModel
from training.sampling import sample_images

CPU = torch.device("cpu")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    tiny_ldm().save_pretrained(tmp_path / "ldm")
    return tmp_path / "ldm"


def test_facts_come_from_the_parts(checkpoint: Path) -> None:
    model = load_model(checkpoint)
    assert isinstance(model, LatentModel)
    assert (model.image_size, model.channels, model.latent_shape) == (16, 3, (3, 8, 8))
    assert (model.conditioning, model.null_condition, model.embed([], CPU)) == ("none", None, {})


def test_images_become_the_scaled_latents_of_the_autoencoder(checkpoint: Path) -> None:
    model = load_model(checkpoint)
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    encoded = model.encode(images)
    vq = DiffusionPipeline.from_pretrained(checkpoint, local_files_only=True).vqvae
    assert torch.equal(model.latents(encoded, torch.randn_like(encoded)), vq.encode(images).latents * 0.18215)
    assert not encoded.requires_grad
    assert torch.equal(model.decode(encoded), vq.decode(encoded / 0.18215).sample)


def test_samples_are_those_of_the_plain_pipeline(checkpoint: Path) -> None:
    ours = sample_images(load_model(checkpoint), seeds=[3, 4, 5], steps=5, device=CPU)
    theirs = plain_samples(checkpoint, [3, 4, 5], batch_size=3, num_inference_steps=5)
    assert ours.shape == (3, 3, 16, 16)
    assert np.ptp(ours) > 0
    assert np.array_equal(ours, theirs)


def test_whole_journey(checkpoint: Path, tmp_path: Path) -> None:
    out = journey(tmp_path, checkpoint)
    assert isinstance(DiffusionPipeline.from_pretrained(out, local_files_only=True), LDMPipeline)


def test_what_takes_no_condition_is_given_none(checkpoint: Path) -> None:
    with pytest.raises(UserError, match="takes no class and no caption"):
        sample_images(load_model(checkpoint), seeds=[0], steps=2, device=CPU, conditions=[1])


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        ({"in_channels": 4, "out_channels": 4}, "latents of 3 channels and the network takes 4; use the vqvae folder"),
        ({"out_channels": 6}, "6 output channels for 3 input channels"),
        ({"num_class_embeds": 2}, "takes classes, which an LDMPipeline cannot give it"),
        ({"sample_size": (8, 16)}, "only models of square images"),
    ],
)
def test_parts_that_do_not_fit_are_refused(network: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        LatentModel(tiny_ldm(**network))


def test_scheduler_of_another_kind_of_network_is_refused(checkpoint: Path) -> None:
    FlowMatchEulerDiscreteScheduler().save_pretrained(checkpoint / "scheduler")
    index = json.loads((checkpoint / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", "FlowMatchEulerDiscreteScheduler"]
    (checkpoint / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match="FlowMatchEulerDiscreteScheduler does not belong to this kind of network"):
        load_model(checkpoint)


def test_missing_autoencoder_is_named(checkpoint: Path) -> None:
    (checkpoint / "vqvae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(UserError, match="vqvae has no weights"):
        load_model(checkpoint)
    (checkpoint / "vqvae" / "config.json").unlink()
    with pytest.raises(UserError, match=r"it has no vqvae/config\.json"):
        load_model(checkpoint)
    (checkpoint / "vqvae").rmdir()
    with pytest.raises(UserError, match="it has no vqvae folder"):
        load_model(checkpoint)
