"""What the settings are before anybody changes them."""

from __future__ import annotations

from typing import Any

from pudm_gui.model_folder import ModelFacts
from training.spec import RunSpec

KEYS = (
    "optim.steps",
    "optim.learning_rate",
    "optim.ema_decay",
    "optim.batch_size",
    "preview.every",
    "preview.count",
)
"""Settings whose default depends on what is trained."""

FROM_SCRATCH: dict[str, Any] = {
    "optim.steps": 3000,
    "optim.learning_rate": 5e-4,
    "optim.ema_decay": 0.995,
    "preview.every": 250,
}
"""A network that knows nothing needs more and bigger steps than one that is only to forget something. The figures are
those with which the demo trains its base model."""

LARGE: dict[str, Any] = {"optim.batch_size": 16, "preview.count": 9}
"""The paper's batch for images of 256 and 512 pixels, and samples that are drawn in a reasonable time."""
LARGE_SIZE = 256
BY_CAPTION: dict[str, Any] = {"optim.learning_rate": 1e-5}
"""The paper's for Stable Diffusion. Adapters take the usual rate: they begin at nothing."""


def defaults(facts: ModelFacts | None, *, from_scratch: bool, lora: bool = False) -> dict[str, Any]:
    """Settings by dotted key, for those that depend on where training starts; `facts` of the model that is there."""
    spec = RunSpec().model_dump()
    usual = {key: spec[key.partition(".")[0]][key.partition(".")[2]] for key in KEYS}
    if from_scratch:
        return usual | FROM_SCRATCH
    if facts is None:
        return usual
    if (facts.image_size or 0) >= LARGE_SIZE:
        usual |= LARGE
    if facts.conditioning == "caption" and not lora:
        usual |= BY_CAPTION
    return usual
