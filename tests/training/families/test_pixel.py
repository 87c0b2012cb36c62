"""Pixel models: good folders load, bad ones get one sentence each."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMPipeline, DDPMScheduler, FlowMatchEulerDiscreteScheduler, UNet2DModel

from tests.training.builders import TINY_UNET, make_run, tiny_model, write_images
from tests.training.families.journey import journey
from training.checkpoint import latest_checkpoint, require_checkpoint
from training.checkpoint import load_model as trained_model
from training.errors import UserError
from training.events import EventLog
from training.families import load_model
from training.process import DiscreteProcess
from training.runs import create_run
from training.sampling import sample_images
from training.spec import RunSpec, with_settings
from training.start import starting_model
from training.train import run_training

CPU = torch.device("cpu")


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


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"pipeline": "DDIMPipeline", "prediction_type": "v_prediction"},
        {"classes": 3},
        {"variance_type": "learned_range"},
    ],
    ids=["epsilon", "v-prediction", "classes", "learned variance"],
)
def test_whole_journey(tmp_path: Path, model: dict[str, object]) -> None:
    out = journey(tmp_path, tiny_model(tmp_path / "m", **model))
    assert (out / "unet" / "diffusion_pytorch_model.safetensors").is_file()


def test_a_class_is_drawn_as_plain_diffusers_draws_it(tmp_path: Path) -> None:
    model = load_model(tiny_model(tmp_path, classes=3))
    assert (model.conditioning, model.null_condition) == ("class", None)
    ours = sample_images(model, seeds=[5, 6], steps=4, device=CPU, conditions=[0, 2])
    plain, scheduler = UNet2DModel.from_pretrained(tmp_path / "unet"), DiscreteProcess(DDPMScheduler(100)).sampler(4)
    images = torch.stack([torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in (5, 6)])
    with torch.no_grad():
        for timestep in scheduler.timesteps:
            predicted = plain(images, timestep, class_labels=torch.tensor([0, 2])).sample
            images = scheduler.step(predicted, timestep, images).prev_sample
    assert np.array_equal(ours, images.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8).numpy())


def test_the_learned_variance_is_left_alone(tmp_path: Path) -> None:
    """ℓ is of the mean: what the last layer tells of the variance gets no gradient."""
    model = load_model(tiny_model(tmp_path, variance_type="learned_range"))
    noise = torch.randn(2, 1, 8, 8)
    prediction = model.predict(model.denoiser, noise, torch.tensor([3, 50]), {})
    assert prediction.shape == noise.shape
    prediction.square().sum().backward()
    gradient = model.denoiser.conv_out.weight.grad
    assert gradient[0].abs().sum() > 0 and gradient[1].abs().sum() == 0


def test_classes_from_folders_train_a_model_from_scratch(tmp_path: Path) -> None:
    """As many classes as folders; sensitive and other images may be of different ones."""
    images = tmp_path / "images"
    entries = [
        replace(entry, path=f"{kind}/{entry.path}")
        for kind, label in (("cats", "unlabeled"), ("dogs", "unlabeled"), ("wolves", "sensitive"))
        for entry in write_images(images / kind, {label: 6})  # type: ignore[dict-item]
    ]
    settings = {
        "data.roots": {"1": str(images)},
        "data.image_size": 8,
        "data.channels": 1,
        "conditioning.source": "folder",
        "optim.steps": 3,
        "optim.batch_size": 8,
        "preview.count": 4,
        "preview.sampling_steps": 2,
        "device": "cpu",
    }
    run = create_run(tmp_path / "0001-run", with_settings(RunSpec(), settings), entries)
    run_training(run, EventLog(run.events_file))
    trained = trained_model(require_checkpoint(run))
    assert trained.denoiser.config["num_class_embeds"] == 3
    [preview] = [event for event in run.events() if event["event"] == "preview" and event["step"] == 3]
    assert set(preview["conditions"]) <= {0, 1}, "a preview shows what is to stay, not the sensitive class"


def test_a_class_outside_the_range(tmp_path: Path) -> None:
    run = make_run(
        tmp_path,
        model=tiny_model(tmp_path / "m", classes=3),
        conditioning__source="label",
        conditioning__by_label={"unlabeled": "1", "sensitive": "3"},
    )
    with pytest.raises(UserError, match="classes 0 to 2, and an image is of class 3; correct conditioning"):
        run_training(run, EventLog(run.events_file))
    assert not run.checkpoints.exists()


def test_a_class_model_without_classes(tmp_path: Path) -> None:
    run = make_run(tmp_path, model=tiny_model(tmp_path / "m", classes=3))
    with pytest.raises(UserError, match=r"takes a class with every image; say where they come from with conditioning"):
        starting_model(run.spec())


def test_lora_on_a_family_without_it(tmp_path: Path) -> None:
    run = make_run(tmp_path, model__lora_rank=4)
    with pytest.raises(UserError, match="LoRA is not supported for pixel models"):
        run_training(run, EventLog(run.events_file))
