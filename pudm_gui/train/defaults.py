"""What the settings are before anybody changes them."""

from __future__ import annotations

from typing import Any

from training.spec import RunSpec

FROM_SCRATCH: dict[str, Any] = {
    "optim.steps": 3000,
    "optim.learning_rate": 5e-4,
    "optim.ema_decay": 0.995,
    "preview.every": 250,
}
"""A network that knows nothing needs more and bigger steps than one that is only to forget something. The figures are
those with which the demo trains its base model."""


def defaults(*, from_scratch: bool) -> dict[str, Any]:
    """Settings by dotted key, for those that depend on where training starts."""
    spec = RunSpec()
    fine_tune: dict[str, Any] = {
        "optim.steps": spec.optim.steps,
        "optim.learning_rate": spec.optim.learning_rate,
        "optim.ema_decay": spec.optim.ema_decay,
        "preview.every": spec.preview.every,
    }
    return FROM_SCRATCH if from_scratch else fine_tune
