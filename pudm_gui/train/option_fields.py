"""The settings under "More options": which there are, and what to say about them.

Kind, range and default of each come from `RunSpec` itself; only the words are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from PySide6.QtCore import QCoreApplication

from training.spec import RunSpec


@dataclass(frozen=True, slots=True)
class OptionField:
    """One setting. `key` is dotted, as in ``--set``."""

    key: str
    title: str
    help: str
    choices: dict[str, str]
    """Value to word, for a setting with named values."""
    kind: type
    low: float
    high: float
    default: Any


def _tr(text: str) -> str:
    return QCoreApplication.translate("OptionFields", text)


def option_groups() -> list[tuple[str, list[OptionField]]]:
    """The settings in their groups, in the order they are shown."""
    return [
        (
            _tr("What is learned"),
            [
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
                    "objective.positive_weight",
                    _tr("Weight of L_S⁺"),
                    _tr(
                        "Factor on the −log(1 − e^−ℓ) term of the sensitive images. 1 is the paper's, 0 leaves it out."
                    ),
                ),
            ],
        ),
        (
            _tr("How long and how fast"),
            [
                _field("optim.steps", _tr("Steps"), _tr("More is not always better: few examples are soon memorised.")),
                _field("optim.batch_size", _tr("Images per step"), _tr("Unlabeled and labeled together.")),
                _field(
                    "optim.labeled_fraction", _tr("Labeled share of a step"), _tr("The rest of a step is unlabeled.")
                ),
                _field("optim.learning_rate", _tr("Learning rate"), _tr("Lower it if the loss jumps or diverges.")),
                _field(
                    "optim.ema_decay",
                    _tr("Averaging of weights (EMA)"),
                    _tr("The averaged weights draw the samples and are exported. 0 averages nothing."),
                ),
                _field(
                    "optim.precision",
                    _tr("Precision"),
                    _tr("Automatic uses bf16 where the device is faster with it."),
                    {"auto": _tr("Automatic"), "float32": "float32", "bf16": "bf16"},
                ),
                _field(
                    "device",
                    _tr("Device"),
                    _tr("Automatic takes a GPU where there is one."),
                    {"auto": _tr("Automatic"), "cpu": _tr("Processor (CPU)"), "cuda": _tr("Graphics card (CUDA)")},
                ),
            ],
        ),
        (
            _tr("Images and samples"),
            [
                _field("data.horizontal_flip", _tr("Mirror images"), _tr("Show half of the images mirrored.")),
                _field("preview.every", _tr("Steps between samples"), _tr("0 draws none while training.")),
                _field("preview.count", _tr("Samples each time"), _tr("Always from the same noise.")),
                _field("preview.sampling_steps", _tr("Steps per sample"), _tr("More is slower and a little cleaner.")),
                _field("seed", _tr("Seed"), _tr("The same seed and settings give the same model again.")),
            ],
        ),
    ]


def _field(key: str, title: str, help_text: str, choices: dict[str, str] | None = None) -> OptionField:
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
    low, high = _range(info)
    kind = str if literal else info.annotation
    assert isinstance(kind, type)
    return OptionField(key, title, help_text, choices or {}, kind, low, high, info.get_default())


def _range(info: FieldInfo) -> tuple[float, float]:
    """Limits in which every value is valid; open ends are moved in by a hair."""
    low, high = 0.0, 10.0 if info.annotation is float else 10_000_000.0
    for limit in info.metadata:
        match limit:
            case annotated_types.Ge():
                low = float(limit.ge)  # type: ignore[arg-type]
            case annotated_types.Gt():
                low = float(limit.gt) + 1e-6  # type: ignore[arg-type]
            case annotated_types.Le():
                high = float(limit.le)  # type: ignore[arg-type]
            case annotated_types.Lt():
                high = float(limit.lt) - (1 if info.annotation is int else 1e-4)  # type: ignore[arg-type]
    return low, high
