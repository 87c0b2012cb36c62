"""The settings under "More options": which there are, and what to say about them.

Kind, range and default of each come from `RunSpec` itself; only the words are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from PySide6.QtCore import QCoreApplication

from training.spec import RunSpec

NARROW = 15
"""Letters of a choice that fit into half of the form."""
STOP_RATES = (0.9, 0.95, 0.98, 0.99)
"""Shares at which a run can be set to end early; of a few hundred samples, finer ones could not be told apart."""


@dataclass(frozen=True, slots=True)
class OptionField:
    """One setting. `key` is dotted, as in ``--set``."""

    key: str
    title: str
    help: str
    choices: dict[Any, str]
    """Value to word, for a setting with named values."""
    kind: type
    low: float
    high: float
    default: Any
    left_open: str = ""
    """What to say for a number that is left to the engine (None, or a 0 with that meaning)."""

    @property
    def narrow(self) -> bool:
        """Whether half of the form's width is enough."""
        return self.kind is not bool and all(len(word) <= NARROW for word in self.choices.values())


def _tr(text: str) -> str:
    return QCoreApplication.translate("OptionFields", text)


def option_groups() -> list[tuple[str, list[OptionField]]]:
    """The settings in their groups, in the order they are shown."""
    return [
        (_tr("What is learned"), _learning()),
        (_tr("How long and how fast"), _pace()),
        (_tr("Images and samples"), _images()),
        (_tr("Memory and device"), _memory()),
    ]


def is_relevant(key: str, objective: str, *, conditional: bool) -> bool:
    """Whether a setting changes anything with this objective and kind of model."""
    risk = objective in ("pu", "pnu")
    return {
        "objective.correction": risk,
        "objective.positive_weight": risk,
        "objective.temperature": objective != "unsupervised",
        "objective.pnu_weight": objective == "pnu",
        "data.augment_sensitive": objective != "unsupervised",
        "preview.stop_at": objective != "unsupervised",
        "preview.guidance": conditional,
    }.get(key, True)


def _learning() -> list[OptionField]:
    return [
        _field(
            "objective.kind",
            _tr("Objective"),
            _tr("Which risk is minimised. PU needs only sensitive examples; PNU also uses normal ones."),
            {
                "pu": _tr("PU: sensitive and unlabeled"),
                "pnu": _tr("PNU: with normal labels too"),
                "supervised": _tr("Supervised (baseline)"),
                "unsupervised": _tr("Unsupervised (baseline)"),
            },
        ),
        _field(
            "objective.pnu_weight",
            _tr("Weight of labels alone"),
            _tr("In PNU: how much the risk on sensitive and normal labels counts. The PU risk has the rest."),
        ),
        _field(
            "objective.correction",
            _tr("When the risk is negative"),
            _tr("What happens while R = L_U⁻ − β L_S⁻ is below zero. Hinge keeps quality; abs is the paper's."),
            {
                "hinge": _tr("Hinge: learn from unlabeled"),
                "abs": _tr("Abs: the paper's"),
                "max": _tr("Max: step back"),
            },
        ),
        _field(
            "objective.reduction",
            _tr("Loss of an image"),
            _tr("Summed over pixels, as in the paper, or averaged. Averaged losses make the L_S⁺ term strong."),
            {"sum": _tr("Sum over pixels"), "mean": _tr("Mean over pixels")},
        ),
        _field(
            "objective.temperature",
            _tr("Temperature"),
            _tr("Divides the loss of an image. 1 is the paper's; the larger, the nearer a sum comes to an average."),
        ),
        _field(
            "objective.positive_weight",
            _tr("Weight of L_S⁺"),
            _tr("Factor on the −log(1 − e^−ℓ) term of the sensitive images. 1 is the paper's, 0 leaves it out."),
        ),
    ]


def _pace() -> list[OptionField]:
    shares = {share: _tr("At {n} % not sensitive").format(n=round(100 * share)) for share in STOP_RATES}
    return [
        _field("optim.steps", _tr("Steps"), _tr("More is not always better: few examples are soon memorised.")),
        _field("optim.batch_size", _tr("Images per step"), _tr("Unlabeled and labeled together.")),
        _field("optim.labeled_fraction", _tr("Labeled share of a step"), _tr("The rest of a step is unlabeled.")),
        _field("optim.learning_rate", _tr("Learning rate"), _tr("Lower it if the loss jumps or diverges.")),
        _field(
            "optim.ema_decay",
            _tr("Averaging of weights (EMA)"),
            _tr("The averaged weights draw the samples and are exported. 0 averages nothing."),
        ),
        _field(
            "preview.stop_at",
            _tr("Stop early"),
            _tr("End the run once so many samples are not sensitive, as your labels tell, at two previews in a row."),
            {None: _tr("Never"), **shares},
        ),
    ]


def _images() -> list[OptionField]:
    return [
        _field("data.horizontal_flip", _tr("Mirror images"), _tr("Show half of the images mirrored.")),
        _field(
            "data.augment_sensitive",
            _tr("Vary sensitive images"),
            _tr("Shift and zoom them a little, so that a few are not learned by heart."),
        ),
        _field("preview.every", _tr("Steps between samples"), _tr("0 draws none while training.")),
        _field("preview.count", _tr("Samples each time"), _tr("Always from the same noise.")),
        _field("preview.sampling_steps", _tr("Steps per sample"), _tr("More is slower and a little cleaner.")),
        _field(
            "preview.guidance",
            _tr("Guidance of samples"),
            _tr(
                "How closely samples follow their caption or class: as is usual for the model, or a number. 1 is none."
            ),
            left_open=_tr("As usual"),
        ),
        _field("seed", _tr("Seed"), _tr("The same seed and settings give the same model again.")),
    ]


def _memory() -> list[OptionField]:
    return [
        _field(
            "device",
            _tr("Device"),
            _tr("Automatic takes a GPU where there is one."),
            {"auto": _tr("Automatic"), "cpu": _tr("Processor (CPU)"), "cuda": _tr("GPU (CUDA)")},
        ),
        _field(
            "optim.precision",
            _tr("Precision"),
            _tr("Automatic uses bf16 where the device is faster with it."),
            {"auto": _tr("Automatic"), "float32": "float32", "bf16": "bf16"},
        ),
        _field(
            "optim.micro_batch",
            _tr("Images at once"),
            _tr("How many of a step go through the network together. Fewer need less memory; the result is the same."),
            left_open=_tr("As many as fit"),
        ),
        _field(
            "optim.optimizer",
            _tr("Optimizer"),
            _tr("In 8 bits its memory shrinks to a quarter; needs the package bitsandbytes."),
            {"adamw": _tr("AdamW"), "adamw8bit": _tr("AdamW in 8 bits")},
        ),
        _field(
            "model.gradient_checkpointing",
            _tr("Save memory by computing twice"),
            _tr("Gradient checkpointing: much less memory, about a third slower, the same result."),
        ),
        _field(
            "model.compile",
            _tr("Compile the network"),
            _tr("torch.compile: the first step takes minutes, the others are faster."),
        ),
    ]


def _field(
    key: str, title: str, help_text: str, choices: dict[Any, str] | None = None, left_open: str = ""
) -> OptionField:
    section: type[BaseModel] = RunSpec
    *parents, leaf = key.split(".")
    for parent in parents:
        annotation = section.model_fields[parent].annotation
        assert isinstance(annotation, type) and issubclass(annotation, BaseModel)
        section = annotation
    info = section.model_fields[leaf]
    literal = get_origin(info.annotation) is Literal
    if literal and choices is not None:
        assert set(choices) == set(get_args(info.annotation)), f"{key} has other choices than the spec"
    kind, limits = (str, info.metadata) if literal else _number_kind(info)
    low, high = _range(kind, limits)
    return OptionField(key, title, help_text, choices or {}, kind, low, high, info.get_default(), left_open)


def _number_kind(info: FieldInfo) -> tuple[type, list[Any]]:
    """Type and limits of a setting, also of one that may be None."""
    if isinstance(info.annotation, type):
        return info.annotation, info.metadata
    for part in get_args(info.annotation):
        if get_origin(part) is Annotated:
            kind, *details = get_args(part)
            return kind, [limit for detail in details for limit in getattr(detail, "metadata", [detail])]
    raise TypeError(f"no editor for a setting of type {info.annotation}")


def _range(kind: type, limits: list[Any]) -> tuple[float, float]:
    """Limits in which every value is valid; open ends are moved in by a hair."""
    low, high = 0.0, 10.0 if kind is float else 10_000_000.0
    for limit in limits:
        match limit:
            case annotated_types.Ge():
                low = float(limit.ge)  # type: ignore[arg-type]
            case annotated_types.Gt():
                low = float(limit.gt) + 1e-6  # type: ignore[arg-type]
            case annotated_types.Le():
                high = float(limit.le)  # type: ignore[arg-type]
            case annotated_types.Lt():
                high = float(limit.lt) - (1 if kind is int else 1e-4)  # type: ignore[arg-type]
    return low, high
