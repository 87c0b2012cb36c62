"""Pixel models: good folders load, bad ones get one sentence each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import DDPMPipeline, DDPMScheduler, FlowMatchEulerDiscreteScheduler, UNet2DModel

from tests.training.builders import TINY_UNET, make_run, tiny_model
from training.checkpoint import latest_checkpoint
from training.errors import UserError
from training.families import load_model
from training.start import starting_model


def edit(path: Path, **changes: object) -> None:
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | changes))


@pytest.mark.parametrize("pipeline", ["DDPMPipeline", "DDIMPipeline"])
@pytest.mark.parametrize("channels", [1, 3])
def test_round_trip(tmp_path: Path, pipeline: str, channels: int) -> None:
    folder = tiny_model(tmp_path / "m", size=16, channels=channels, pipeline=pipeline)
    model = load_model(folder)
    assert (model.image_size, model.channels, type(model.pipeline).__name__) == (16, channels, pipeline)
    again = load_model(folder)
    for one, two in zip(model.denoiser.parameters(), again.denoiser.parameters(), strict=True):
        assert torch.equal(one, two)


def test_not_a_diffusers_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"not a diffusers folder: it has no model_index\.json; choose the folder"):
        load_model(tmp_path)


def test_another_kind_of_pipeline(tmp_path: Path) -> None:
    edit(tiny_model(tmp_path) / "model_index.json", _class_name="FluxPipeline")
    with pytest.raises(UserError, match="holds a FluxPipeline, which is not supported; the supported ones are DDPM"):
        load_model(tmp_path)


def test_pickled_weights_are_refused_and_never_opened(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    marker = tmp_path / "opened"
    payload = f"cos\nsystem\n(S'touch {marker}'\ntR.".encode()
    weights.with_name("diffusion_pytorch_model.bin").write_bytes(payload)
    with pytest.raises(UserError, match=r"is a pickled checkpoint.*convert it to safetensors"):
        load_model(folder)
    assert not marker.exists()


def test_a_pickled_file_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x04.")
    with pytest.raises(UserError, match="is a pickled checkpoint"):
        load_model(tmp_path / "model.ckpt")


@pytest.mark.parametrize("damage", ["truncated", "gone"])
def test_damaged_weights(tmp_path: Path, damage: str) -> None:
    weights = tiny_model(tmp_path) / "unet" / "diffusion_pytorch_model.safetensors"
    if damage == "gone":
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UserError, match="copy the checkpoint again"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"class_embed_type": "timestep"}, "embeds its classes by timestep"),
        ({"in_channels": 4, "out_channels": 4}, "works on 4 channels"),
        ({"out_channels": 3}, "output channels do not fit"),
        ({"sample_size": (8, 16)}, "only models of square images"),
    ],
)
def test_networks_that_are_not_supported(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    unet = UNet2DModel(**({"sample_size": 8, "in_channels": 1, "out_channels": 1} | TINY_UNET | changes))
    DDPMPipeline(unet=unet, scheduler=DDPMScheduler()).save_pretrained(tmp_path)
    with pytest.raises(UserError, match=sentence):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("part", "changes", "sentence"),
    [
        ("unet/config.json", {"_class_name": "UNet2DConditionModel"}, "and a DDPMPipeline needs a UNet2DModel"),
        ("unet/config.json", {"in_channels": 3}, "cannot be loaded .*expected shape"),
        ("scheduler/scheduler_config.json", {"prediction_type": "x"}, "predicts x; only epsilon"),
        ("scheduler/scheduler_config.json", {"variance_type": "learned_range"}, "output channels do not fit"),
        ("model_index.json", {"unet": ["os", "system"]}, "takes its unet from 'os', which is not part of"),
        ("model_index.json", {"vae": ["diffusers", "AutoencoderKL"]}, "is incomplete: it has no vae folder"),
    ],
)
def test_folders_whose_parts_do_not_fit(tmp_path: Path, part: str, changes: dict[str, object], sentence: str) -> None:
    edit(tiny_model(tmp_path) / part, **changes)
    with pytest.raises(UserError, match=sentence):
        load_model(tmp_path)


def test_a_scheduler_of_another_kind_of_network(tmp_path: Path) -> None:
    tiny_model(tmp_path)
    FlowMatchEulerDiscreteScheduler().save_pretrained(tmp_path / "scheduler")
    edit(tmp_path / "model_index.json", scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"])
    with pytest.raises(UserError, match="FlowMatchEulerDiscreteScheduler does not belong to this kind of network"):
        load_model(tmp_path)


def test_another_image_size(tmp_path: Path) -> None:
    run = make_run(tmp_path, model=tiny_model(tmp_path / "m", size=16))
    with pytest.raises(UserError, match="images of 16 × 16 pixels and the run is set to 8; set the image size to 16"):
        starting_model(run.spec())


def test_another_channel_count(tmp_path: Path) -> None:
    run = make_run(tmp_path, model=tiny_model(tmp_path / "m", channels=3))
    with pytest.raises(UserError, match=r"3 colour channels and the run is set to 1; set data\.channels to 3"):
        starting_model(run.spec())
    assert latest_checkpoint(run) is None
