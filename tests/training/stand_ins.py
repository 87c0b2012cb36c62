"""Models with what preparing images needs of them, and nothing more."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tests.training.families.tiny_latents import tiny_vae
from training.errors import UserError
from training.families import Condition, ConditionKind, Conditions, DiffusionModel, autoencoder


class PixelsOnly(DiffusionModel):
    """Nothing is encoded and nothing embedded."""

    family = "pixel"

    def frozen_parts(self) -> list[nn.Module]:
        return []

    def predict(self, network: nn.Module, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        raise NotImplementedError


class Captioned(PixelsOnly):
    """Images through a real autoencoder; a caption is embedded as its length, twice, and counted."""

    family = "latent with captions"
    encodes = True
    conditioning: ConditionKind = "caption"
    null_condition = ""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.vae = tiny_vae().eval()
        self.encoded = 0
        self.embedded: list[Condition] = []
        self.released = False

    def encode(self, images: Tensor) -> Tensor:
        self.encoded += len(images)
        return autoencoder.encode(self.vae, images)

    def check_conditions(self, values: Sequence[Condition]) -> None:
        for value in values:
            if len(str(value)) > 20:
                raise UserError(f"The caption {value} is too long.")

    def embed(self, values: Sequence[Condition], device: torch.device) -> Conditions:
        self.embedded += values
        lengths = torch.tensor([float(len(str(value))) for value in values])
        return {"tokens": lengths[:, None, None].expand(-1, 2, 3), "pooled": lengths[:, None]}

    def release(self) -> None:
        self.released = True


class CaptionedPixels(Captioned):
    """The same without its autoencoder."""

    encodes = False


class Classified(PixelsOnly):
    """By class, and never without."""

    conditioning: ConditionKind = "class"

    def embed(self, values: Sequence[Condition], device: torch.device) -> Conditions:
        return {"class_labels": torch.tensor(values)}
