"""What a run is said to need, against what it takes; and what is said where it is too much."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from torch import Tensor

from tests.training.builders import TINY_UNET
from tests.training.families.tiny_pipelines import stable_diffusion
from training import memory, needs
from training.arithmetic import attention
from training.device import Precision
from training.errors import UserError
from training.events import EventLog, LineReader
from training.families import DiffusionModel, load_model
from training.families.pixel import PixelModel
from training.memory import Activations, free_memory, measure_activations, readable, storage_bytes
from training.needs import Preflight, counted
from training.networks import build_model
from training.preflight import choose_micro_batch, preflight
from training.ranks import Ranks
from training.spec import RunSpec, with_settings

CPU = torch.device("cpu")


def tiny(classes: int = 0) -> PixelModel:
    unet = UNet2DModel(sample_size=8, in_channels=1, out_channels=1, num_class_embeds=classes or None, **TINY_UNET)
    return PixelModel(DDPMPipeline(unet=unet, scheduler=DDPMScheduler(num_train_timesteps=100)))


def medium() -> DiffusionModel:
    return build_model(with_settings(RunSpec(), {"model.preset": "medium", "data.image_size": 16}))


def settings(**values: object) -> RunSpec:
    return with_settings(RunSpec(), {key.replace("__", "."): value for key, value in values.items()})


def with_memory(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    """Let `size` bytes be free beside what the model has."""
    monkeypatch.setattr(needs, "free_memory", lambda device: round(size))


def saved_for_backward(model: DiffusionModel, images: int, precision: Precision) -> int:
    """The truth: bytes that autograd holds at the end of a forward pass, each storage once, weights apart."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.denoiser.parameters()}
    held: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            held[storage.data_ptr()] = storage.nbytes()
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with hooks, attention(CPU, precision):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            prediction = model.predict(
                model.denoiser.train(), torch.randn(images, *model.latent_shape), torch.arange(images), {}
            )
        loss = prediction.float().square().mean()  # held, as its graph holds what was saved
    total = sum(held.values())
    loss.backward()
    return total


@pytest.mark.parametrize("build", [tiny, medium])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_activations_of_eight_images_are_told_from_those_of_one_and_two(build, precision: Precision) -> None:
    model = build()
    found = preflight(model, settings(), CPU, precision, {})
    assert found.activations is not None
    assert found.activations.bytes(8) == pytest.approx(saved_for_backward(model, 8, precision), rel=0.2)


def test_gradient_checkpointing_takes_less_and_its_second_pass_is_counted() -> None:
    model = medium()
    plain = measure_activations(model, 4, CPU, "float32", {})
    model.denoiser.enable_gradient_checkpointing()
    checkpointed = measure_activations(model, 4, CPU, "float32", {})
    kept = saved_for_backward(model, 4, "float32")
    assert kept < checkpointed < 0.7 * plain


def test_nothing_of_the_model_is_changed() -> None:
    model = tiny()
    model.denoiser.eval()
    frozen, trained = list(model.denoiser.parameters())[:2]
    frozen.requires_grad_(False)
    trained.grad = torch.full_like(trained, 3.0)
    before, gradient, random = copy.deepcopy(model.denoiser.state_dict()), trained.grad, torch.get_rng_state()
    preflight(model, settings(), CPU, "float32", {})
    assert all(torch.equal(value, before[name]) for name, value in model.denoiser.state_dict().items())
    assert trained.grad is gradient and bool((gradient == 3).all())
    assert all(parameter.grad is None for parameter in model.denoiser.parameters() if parameter is not trained)
    assert not frozen.requires_grad and not model.denoiser.training
    assert torch.equal(torch.get_rng_state(), random)


def test_conditions_go_through_the_network() -> None:
    found = preflight(tiny(classes=3), settings(), CPU, "float32", {"class_labels": torch.tensor([2])})
    assert found.activations is not None and found.activations.per_image > 0


def test_what_is_counted_of_weights_gradients_moments_and_average() -> None:
    model = tiny()
    size = 4 * sum(parameter.numel() for parameter in model.denoiser.parameters())
    found = counted(model, settings(), CPU, Ranks())
    assert (found.weights, found.gradients, found.ema) == (size, size, size)
    assert found.optimizer == 2 * size and found.parameters == found.trainable == size // 4
    for parameter in list(model.denoiser.parameters())[1:]:
        parameter.requires_grad_(False)
    first = next(model.denoiser.parameters()).numel()
    few = counted(model, settings(), CPU, Ranks())
    assert (few.weights, few.gradients, few.optimizer, few.ema) == (size, 4 * first, 8 * first, 4 * first)


def test_each_process_of_fsdp_needs_its_part_and_the_blocks_in_use() -> None:
    model, spec = medium(), settings(optim__sharding="fsdp", optim__batch_size=9)
    alone, shared = (counted(model, spec, CPU, Ranks(0, size)) for size in (1, 4))
    assert shared.optimizer == -(-alone.optimizer // 4)
    assert alone.weights / 4 < shared.weights < alone.weights
    assert (alone.images, shared.images) == (9, 3)


PLENTY = Preflight(
    parameters=10,
    trainable=10,
    weights=40,
    gradients=40,
    optimizer=80,
    ema=40,
    frozen=100,
    frozen_stay=True,
    activations=Activations(50, 10),
    there=10_000,
    images=64,
)


def test_frozen_parts_are_on_a_gpu_only_while_samples_are_drawn() -> None:
    assert PLENTY.needed(4) == 200 + 100 + 90
    assert replace(PLENTY, frozen_stay=False).needed(4) == 200 + 100
    assert replace(PLENTY, frozen_stay=False).needed(8) == 200 + 130


@pytest.mark.parametrize(
    ("images_that_fit", "micro_batch"), [(100, 64), (64, 64), (63, 32), (40, 32), (31, 22), (3, 3), (1, 1), (0, 0)]
)
def test_micro_batches_are_as_few_and_as_equal_as_can_be(images_that_fit: int, micro_batch: int) -> None:
    there = (350 + 10 * images_that_fit) / (1 - needs.MARGIN) + 1
    assert replace(PLENTY, there=round(there)).micro_batch == micro_batch


def test_where_one_image_does_not_fit_checkpointing_is_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = medium()
    one = measure_activations(model, 1, CPU, "float32", {})
    static = counted(model, settings(), CPU, Ranks())
    with_memory(monkeypatch, (static.needed(1) + 0.8 * one) / (1 - needs.MARGIN) - static.weights)
    with pytest.raises(UserError, match=r"one image at a time takes about .* set model.gradient_checkpointing to true"):
        preflight(model, settings(), CPU, "float32", {})
    assert not model.denoiser.is_gradient_checkpointing


def test_where_the_moments_are_too_large_8_bit_adam_is_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = medium()
    static = counted(model, settings(), CPU, Ranks())
    with_memory(monkeypatch, static.needed(1) - static.weights)
    with pytest.raises(
        UserError, match=r"more than .* set model.gradient_checkpointing to true and optim.optimizer to"
    ):
        preflight(model, settings(), CPU, "float32", {})


def test_where_the_family_has_lora_it_is_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model(stable_diffusion(tmp_path))
    static = counted(model, settings(), CPU, Ranks())
    conditions = model.embed([""], CPU)
    with_memory(monkeypatch, 1.05 * static.optimizer + static.gradients)
    with pytest.raises(UserError, match=r"set model.gradient_checkpointing to true and model.lora_rank to 16 \("):
        preflight(model, settings(), CPU, "float32", conditions)


def test_where_nothing_helps_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with_memory(monkeypatch, 0)
    with pytest.raises(UserError, match=r"not even .* would do: take a smaller model or a device with more memory"):
        preflight(tiny(), settings(), CPU, "float32", {})


class OneImage:
    """The examples of a run of one image."""

    def indices(self, *labels: str) -> list[int]:
        return [0]

    def fetch(self, indices: list[int], draws: Tensor, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        return torch.zeros(1, 1, 8, 8), {}


def chosen(tmp_path: Path, model: DiffusionModel, **values: object) -> tuple[int, list[dict[str, object]]]:
    log = EventLog(tmp_path / "events.jsonl")
    number = choose_micro_batch(model, settings(**values), CPU, "float32", OneImage(), Ranks(), log)  # type: ignore[arg-type]
    return number, list(LineReader(log.path))


def test_the_whole_batch_goes_through_at_once_where_it_fits(tmp_path: Path) -> None:
    number, events = chosen(tmp_path, tiny(), optim__batch_size=12)
    assert number == 12
    (event,) = events
    assert event["event"] == "preflight" and event["micro_batch"] == event["images"] == 12
    assert event["activations_per_image"] > 0 and event["needed"] < event["there"]  # type: ignore[operator]
    assert "all of 12 images at a time" in str(event["message"])


def test_the_run_decides_how_many_where_they_fit(tmp_path: Path) -> None:
    number, events = chosen(tmp_path, tiny(), optim__batch_size=12, optim__micro_batch=5)
    assert number == 5 and [event["event"] for event in events] == ["preflight"]


def test_a_micro_batch_that_does_not_fit_is_made_smaller_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny()
    found = preflight(model, settings(optim__batch_size=12), CPU, "float32", {})
    with_memory(monkeypatch, found.needed(7) / (1 - needs.MARGIN) - found.weights)
    number, events = chosen(tmp_path, model, optim__batch_size=12, optim__micro_batch=12)
    assert number == 6
    assert [event["event"] for event in events] == ["warning", "preflight"]
    assert "so the network gets 6" in str(events[0]["message"])


def test_shared_memory_counts_once() -> None:
    whole = torch.zeros(100)
    assert storage_bytes([whole, whole[:50], whole.view(10, 10)]) == 400


def test_a_machine_is_shared_by_the_processes_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = free_memory(CPU)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert free_memory(CPU) == pytest.approx(alone / 4, rel=0.1)


def test_a_container_may_grant_less_than_the_machine_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = next(
        (line[4:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::/")), None
    )
    if own is None:
        pytest.skip("needs Linux with control groups of version 2")
    group = tmp_path / own
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.max").write_text("1000000\n")
    (group / "memory.current").write_text("700000\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 100000\n")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    assert free_memory(CPU) == 400_000


@pytest.mark.parametrize(("size", "text"), [(900, "0.0 MB"), (12_340_000, "12.3 MB"), (1_500_000_000, "1.5 GB")])
def test_bytes_for_people(size: int, text: str) -> None:
    assert readable(size) == text
