"""Low-rank adapters: what they train, and the files that they become."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.builders import tiny_model
from tests.training.families.plain import agree, our_samples, plain_pipeline, plain_samples
from tests.training.families.tiny_pipelines import sd3, sdxl, stable_diffusion
from training.errors import UserError
from training.families import DiffusionModel, load_model
from training.lora import add_adapters, has_adapters, merged, save_adapters

CAPTIONS = ("a cat", "two dogs in a house")
FAMILIES = [stable_diffusion, sdxl, sd3]


@pytest.fixture(params=FAMILIES, ids=lambda family: family.__name__)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    build: Callable[[Path], Path] = request.param
    return build(tmp_path / "model")


def trained(folder: Path, rank: int = 2, alpha: float | None = None) -> DiffusionModel:
    """A model whose adapters have learned something: here, noise."""
    model = load_model(folder)
    add_adapters(model, rank, alpha)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.denoiser.parameters():
            if weight.requires_grad:
                weight.normal_(std=0.5)
    return model


def test_untrained_adapters_change_nothing(folder: Path) -> None:
    model = load_model(folder)
    before = our_samples(model, CAPTIONS)
    add_adapters(model, rank=2)
    assert has_adapters(model)
    assert (our_samples(model, CAPTIONS) == before).all()


def test_only_the_adapters_of_the_attention_are_trained(folder: Path) -> None:
    model = load_model(folder)
    whole = {name.removesuffix(".weight") for name, _ in model.denoiser.named_parameters()}
    add_adapters(model, rank=2)
    names = [name for name, weight in model.denoiser.named_parameters() if weight.requires_grad]
    assert names
    layers = {name.split(".lora_")[0] for name in names}
    assert layers == {name for name in whole if name.endswith(model.lora_targets)}
    assert {target for target in model.lora_targets if any(layer.endswith(target) for layer in layers)} == set(
        model.lora_targets
    )


def test_every_layer_with_an_effect_gets_a_gradient(folder: Path) -> None:
    model = load_model(folder)
    add_adapters(model, rank=2)
    conditions = model.embed(CAPTIONS, torch.device("cpu"))
    noisy, timesteps, target = model.process.noised(
        torch.randn(2, *model.latent_shape), torch.randn(2, *model.latent_shape), torch.tensor([10, 500])
    )
    (model.predict(model.denoiser, noisy, timesteps, conditions) - target).square().sum().backward()
    gradients = {name: weight.grad for name, weight in model.denoiser.named_parameters() if weight.requires_grad}
    idle = {
        name for name, gradient in gradients.items() if gradient is None or ("lora_B" in name and not gradient.any())
    }
    # The last block of SD3 asks for nothing on behalf of the caption, whose tokens end there.
    assert idle <= {"transformer_blocks.1.attn.add_q_proj.lora_B.default.weight"}


def test_adapters_follow_from_the_seed_and_leave_other_draws_alone(folder: Path) -> None:
    models = [load_model(folder) for _ in range(3)]
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    for model, seed in zip(models, (1, 1, 2), strict=True):
        add_adapters(model, rank=2, seed=seed)
    assert torch.rand(1) == expected
    one, same, other = (model.denoiser.state_dict() for model in models)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("alpha", [None, 3.0])
def test_merged_weights_draw_the_same(folder: Path, tmp_path: Path, alpha: float | None) -> None:
    model = trained(folder, alpha=alpha)
    drawn = our_samples(model, CAPTIONS)
    plain = merged(model)
    assert not has_adapters(plain)
    assert agree(our_samples(plain, CAPTIONS), drawn)
    plain.save(tmp_path / "merged")
    assert agree(plain_samples(plain_pipeline(tmp_path / "merged"), model, CAPTIONS, model.guidance), drawn)
    assert not agree(our_samples(load_model(folder), CAPTIONS), drawn)


def test_merging_leaves_the_model_as_it_was(folder: Path) -> None:
    model = trained(folder)
    before = {name: value.clone() for name, value in model.denoiser.state_dict().items()}
    merged(model)
    after = model.denoiser.state_dict()
    assert has_adapters(model)
    assert model.pipeline.components[_part(model)] is model.denoiser
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("alpha", [None, 3.0])
def test_the_lora_file_on_the_plain_base_draws_the_same(folder: Path, tmp_path: Path, alpha: float | None) -> None:
    model = trained(folder, alpha=alpha)
    save_adapters(model, tmp_path / "lora")
    pipeline = plain_pipeline(folder)
    pipeline.load_lora_weights(tmp_path / "lora")
    assert agree(our_samples(model, CAPTIONS), plain_samples(pipeline, model, CAPTIONS, model.guidance))


def test_the_lora_file_has_the_adapters_alone(folder: Path, tmp_path: Path) -> None:
    model = trained(folder)
    save_adapters(model, tmp_path / "lora")
    assert [path.name for path in (tmp_path / "lora").iterdir()] == ["pytorch_lora_weights.safetensors"]
    weights = load_file(tmp_path / "lora" / "pytorch_lora_weights.safetensors")
    count = sum(weight.numel() for weight in model.denoiser.parameters() if weight.requires_grad)
    assert sum(weight.numel() for weight in weights.values()) == count


def test_a_family_without_lora_is_refused(tmp_path: Path) -> None:
    model = load_model(tiny_model(tmp_path / "pixel"))
    with pytest.raises(UserError, match=r"LoRA is not supported for pixel models; set model\.lora_rank to 0"):
        add_adapters(model, rank=2)
    assert not has_adapters(model)
    assert all(weight.requires_grad for weight in model.denoiser.parameters())


def _part(model: DiffusionModel) -> str:
    return "transformer" if hasattr(model.pipeline, "transformer") else "unet"
