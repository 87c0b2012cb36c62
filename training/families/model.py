"""What the loop, the sampler and the exporter know of a checkpoint. A family's module holds all that differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from diffusers import DiffusionPipeline
from torch import Tensor, nn

from training.conditions import Condition
from training.errors import UserError
from training.process import NoiseProcess

ConditionKind = Literal["none", "class", "caption"]
Conditions = Mapping[str, Tensor]
"""A batch's conditions as the network takes them: named tensors whose first axis is the batch; empty where none."""


class DiffusionModel(ABC):
    """A checkpoint in memory: a whole diffusers pipeline, of which `denoiser` is what gets trained.

    Parts are in float32. The denoiser stays on the device where its owner puts it; the other parts, which are frozen,
    go by themselves to the device of the tensors that they are given.

    Attributes
    ----------
    pipeline
        All parts, as loaded.
    denoiser
        The network that is trained.
    process
        Its noise process.
    conditioning
        What its images are conditioned on.
    classes
        Their number, where that is a class.
    image_size, channels
        Of an image, in pixels.
    latent_shape
        ``(C, H, W)`` of what the denoiser works on.
    """

    family: ClassVar[str]
    """For people: "Stable Diffusion"."""
    lora_targets: ClassVar[tuple[str, ...]] = ()
    """Names of the linear layers that LoRA adapts; empty where LoRA is not supported."""
    called_from_outside: ClassVar[tuple[str, ...]] = ()
    """Modules within a block of the denoiser that its forward also calls by themselves."""
    encodes: ClassVar[bool] = False
    """Whether the denoiser works on something other than pixels."""
    guidance: ClassVar[float] = 1.0
    """The guidance scale that is customary for the family; 1 is none."""

    pipeline: DiffusionPipeline
    denoiser: nn.Module
    process: NoiseProcess
    conditioning: ConditionKind = "none"
    classes: int = 0
    image_size: int
    channels: int = 3
    latent_shape: tuple[int, int, int]

    # Images: pixel models have nothing to encode, so the defaults are the identity.

    def encode(self, images: Tensor) -> Tensor:
        """What is kept of an image for training: ``(B, M, H, W)`` float32.

        Parameters
        ----------
        images
            ``(B, C, H, W)`` float32 in [-1, 1].
        """
        return images

    def latents(self, encoded: Tensor, noise: Tensor) -> Tensor:
        """x₀, ``(B, *latent_shape)``, drawn from what `encode` returned with `noise`, standard normal of that shape."""
        return encoded

    def decode(self, latents: Tensor) -> Tensor:
        """Images ``(B, C, H, W)``, about in [-1, 1]."""
        return latents

    # Conditions: unconditional models have none.

    @property
    def null_condition(self) -> Condition | None:
        """What stands for "no condition" in guidance; ``None`` where the model was not trained for it."""
        return None

    def check_conditions(self, values: Sequence[Condition]) -> None:
        """Refuse what the model cannot take, before any time is spent.

        Raises
        ------
        UserError
            A class outside the range, a caption over the token limit.
        """
        if values and self.conditioning == "none":
            raise UserError(f"A {self.family} model takes no class and no caption; set conditioning.source to none.")

    def embed(self, values: Sequence[Condition], device: torch.device) -> Conditions:
        """The conditions as tensors on `device`, each ``(len(values), …)``."""
        return {}

    @abstractmethod
    def predict(self, network: nn.Module, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        """What `network` predicts, of the shape of `noisy`.

        Parameters
        ----------
        network
            The denoiser, or what wraps it (compiled, or spread over processes).
        noisy
            ``(B, *latent_shape)``.
        timesteps
            ``(B,)``, as the process gives them.
        """

    # Files.

    def save(self, folder: Path) -> None:
        """Write a diffusers folder with safetensors weights."""
        self.pipeline.save_pretrained(folder, safe_serialization=True)

    def recipe(self) -> dict[str, Any] | None:
        """What `training.families.rebuild` needs to make the model again, denoiser weights apart.

        ``None`` where that is the base checkpoint itself.
        """
        return None

    def release(self) -> None:
        """Move the frozen parts to the CPU, to free a GPU's memory for training."""
        for part in self.frozen_parts():
            part.to("cpu")

    def frozen_parts(self) -> list[nn.Module]:
        parts = self.pipeline.components.values()
        return [part for part in parts if isinstance(part, nn.Module) and part is not self.denoiser]
