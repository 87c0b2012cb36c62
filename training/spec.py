"""What a run is to do: one typed, versioned document that, with its seed, reproduces the run.

The defaults are the settings of the one-button fine-tune, chosen by measurement (`tests/benchmarks/README.md`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from training.atomic import write_atomic
from training.errors import UserError

SPEC_VERSION = 1

Objective = Literal["pu", "pnu", "supervised", "unsupervised"]
Correction = Literal["abs", "max", "hinge"]
Reduction = Literal["sum", "mean"]
NetworkPreset = Literal["small", "medium", "paper"]
ConditionSource = Literal["none", "folder", "tag", "sidecar", "csv", "label"]
EncoderKind = Literal["imagenet", "base", "pixels", "folder", "nudity"]

OpenUnit = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ObjectiveSpec(Section):
    """Which risk is minimised (arXiv 2503.03789; `training.objective`)."""

    kind: Objective = "pu"
    beta: OpenUnit = 0.2
    """Class prior β: the share of sensitive images among the unlabeled ones."""
    beta_source: str = "default"
    """Where β came from: "default", "user", "prior" (estimated), "audit"."""
    correction: Correction = "hinge"
    """What happens while R = L_U⁻ − β L_S⁻ is negative."""
    reduction: Reduction = "sum"
    """Per-image loss over pixels and channels; "sum" is the paper's."""
    temperature: Positive = 1.0
    """Divides the per-image loss ℓ: with "sum", 1 is the paper's, and C × H × W would equal "mean"."""
    positive_weight: Annotated[float, Field(ge=0)] = 0.0
    """Factor on β L_S⁺, the −log(1 − e^−ℓ) term; 1 is the paper's."""
    pnu_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the supervised risk on S and N in the PNU objective; the PU risk has the rest."""


class DataSpec(Section):
    """Where the images of `manifest.jsonl` lie, and in what form the network sees them."""

    roots: dict[str, str] = {}
    """Root id, as in the manifest, to an absolute folder."""
    image_size: Annotated[int, Field(ge=8, le=1024, multiple_of=8)] = 32
    """Height and width in pixels."""
    channels: Literal[1, 3] = 3
    horizontal_flip: bool = False
    """Mirror every second image, drawn anew at each step."""
    augment_sensitive: bool = False
    """Shift and zoom the images labeled sensitive a little, so that few of them are not learned by heart."""
    cache: Literal["disk", "none"] = "disk"
    """"disk" prepares all images once, in the run folder; "none" decodes them as they are needed."""


class ConditioningSpec(Section):
    """What the images of a conditional model are conditioned on (`training.conditions`)."""

    source: ConditionSource = "none"
    """The class or caption of an image: its folder's name, its first tag, the .txt file beside it, a column of a CSV
    file, or one for each label."""
    classes: dict[str, Annotated[int, Field(ge=0)]] = {}
    """Class index by name (folder, tag, cell or text). Names that are numbers need no entry."""
    csv: str = ""
    """Only for "csv": absolute path of a file with a column "path" as in the manifest."""
    csv_column: str = "caption"
    by_label: dict[Literal["unlabeled", "sensitive", "normal"], str] = {}
    """Only for "label": the class or caption of each label's images."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of images that a step shows without their condition, for guidance; the paper drops none."""


class ModelSpec(Section):
    """The network: from scratch by a preset, or from a local diffusers folder."""

    source: str = "scratch"
    """"scratch", or the absolute path of a diffusers pipeline folder or of a single-file .safetensors checkpoint."""
    config: str = ""
    """Only for a single file: absolute path of a folder with the configuration and tokenizers of its kind of model."""
    preset: NetworkPreset = "small"
    """Only for "scratch"."""
    train_timesteps: Annotated[int, Field(ge=10, le=10_000)] = 1000
    """Only for "scratch": length of the DDPM noise schedule."""
    lora_rank: Annotated[int, Field(ge=0, le=512)] = 0
    """Rank of the LoRA adapters that are trained in place of all weights; 0 trains all weights."""
    lora_alpha: Positive | None = None
    """Scale of the adapters' output times their rank; None is the rank itself, a scale of 1."""
    gradient_checkpointing: bool = False
    """Compute activations twice instead of keeping them: less memory, about a third slower."""
    compile: bool = False
    """Compile the network with torch.compile: a slow first step, then faster ones."""


class OptimSpec(Section):
    """AdamW with linear warm-up and cosine decay to zero."""

    steps: Count = 350
    batch_size: Annotated[int, Field(ge=2)] = 64
    """Images per step, unlabeled and labeled, of all processes together."""
    micro_batch: Annotated[int, Field(ge=0)] = 0
    """Images that go through the network at once, on each process; 0 lets the preflight choose. The gradient is that of
    the whole batch in any case."""
    labeled_fraction: OpenUnit = 0.25
    """Share of the batch that is drawn from the labeled images (S; S and N for PNU)."""
    learning_rate: Positive = 1e-4
    warmup_steps: Annotated[int, Field(ge=0)] = 20
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    grad_clip: Positive = 1.0
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.99
    """Ceiling of the EMA's decay per step; it warms up as (1 + step) / (10 + step)."""
    precision: Literal["auto", "float32", "bf16"] = "auto"
    optimizer: Literal["adamw", "adamw8bit"] = "adamw"
    """"adamw8bit" keeps its moments in 8 bits: a quarter of the memory, with the package bitsandbytes."""
    sharding: Literal["ddp", "fsdp"] = "ddp"
    """With several processes: "ddp" keeps a whole copy of the model on each, "fsdp" (FSDP2) a part."""


class PreviewSpec(Section):
    """Samples drawn while training, always from the same noise."""

    every: Annotated[int, Field(ge=0)] = 50
    """Steps between previews; 0 draws none."""
    count: Annotated[int, Field(ge=1, le=256)] = 16
    seed: Annotated[int, Field(ge=0)] = 1234
    sampling_steps: Annotated[int, Field(ge=1, le=1000)] = 20
    guidance: Annotated[float, Field(ge=1, le=50)] | None = None
    """Classifier-free guidance scale of conditional models; None is what is customary for the model, 1 is none."""
    stop_at: OpenUnit | None = None
    """End the run once this share of `stop_samples` samples is not sensitive, as the labels tell, at two previews in a
    row; None trains all steps."""
    stop_samples: Annotated[int, Field(ge=16, le=10_000)] = 200


class CheckpointSpec(Section):
    every: Count = 100
    """Steps between checkpoints; the last step always has one."""
    keep: Count = 2


class FeaturesSpec(Section):
    """What looks at the images in the features stage (`training.featurize`)."""

    encoder: EncoderKind = "imagenet"
    """An ImageNet encoder, the network of the base model, pixels, an encoder folder, or a scorer of nudity."""
    source: str = ""
    """Only for "base" and "folder": absolute path of the model."""
    config: str = ""
    """Only for "base" from a single file: as `ModelSpec.config`."""


class RunSpec(Section):
    """The whole of `spec.json`."""

    version: Literal[1] = 1
    name: str = "run"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    objective: ObjectiveSpec = ObjectiveSpec()
    data: DataSpec = DataSpec()
    conditioning: ConditioningSpec = ConditioningSpec()
    model: ModelSpec = ModelSpec()
    optim: OptimSpec = OptimSpec()
    preview: PreviewSpec = PreviewSpec()
    checkpoint: CheckpointSpec = CheckpointSpec()
    features: FeaturesSpec = FeaturesSpec()

    @model_validator(mode="after")
    def _paths_are_absolute(self) -> RunSpec:
        if self.model.source != "scratch" and not Path(self.model.source).is_absolute():
            raise ValueError('model.source must be "scratch" or an absolute path')
        for name, path in (
            ("model.config", self.model.config),
            ("conditioning.csv", self.conditioning.csv),
            ("features.source", self.features.source),
            ("features.config", self.features.config),
        ):
            if path and not Path(path).is_absolute():
                raise ValueError(f"{name} must be an absolute path")
        return self

    @model_validator(mode="after")
    def _early_stop_has_previews(self) -> RunSpec:
        if self.preview.stop_at is not None and self.preview.every == 0:
            raise ValueError("preview.stop_at judges previews, and preview.every is 0, which draws none")
        return self

    @property
    def labeled_batch_size(self) -> int:
        """Images of each batch drawn from the labeled pool: at least one, and never the whole batch."""
        wanted = round(self.optim.batch_size * self.optim.labeled_fraction)
        return min(max(wanted, 1), self.optim.batch_size - 1)

    def save(self, path: Path) -> None:
        write_atomic(path, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> RunSpec:
        """Read a spec.

        Raises
        ------
        UserError
            The file is missing, not JSON, from a newer version, or has a value out of its range.
        """
        try:
            raw = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise UserError(
                f"{path.parent} is not a run folder: it has no {path.name}; name the folder of a run."
            ) from None
        except (ValueError, OSError) as error:
            raise UserError(f"{path} cannot be read ({error}); restore it or start a new run.") from None
        return cls.parse(raw, where=str(path))

    @classmethod
    def parse(cls, raw: Any, where: str = "the settings") -> RunSpec:
        """Validate a decoded document, with every complaint as one sentence."""
        version = raw.get("version", SPEC_VERSION) if isinstance(raw, dict) else None
        if isinstance(version, int) and version > SPEC_VERSION:
            raise UserError(
                f"{where} was written by a newer version of PU-DM Studio (spec version {version}, this program "
                f"reads up to {SPEC_VERSION}); update the program and try again."
            )
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise UserError(f"{where}: {explain(error)}") from None


def with_settings(spec: RunSpec, assignments: dict[str, Any]) -> RunSpec:
    """Return `spec` with dotted keys replaced, as in ``{"optim.steps": "600"}``.

    Strings are parsed as JSON where they can be, except that a setting which is text, such as the name, stays text.

    Raises
    ------
    UserError
        An unknown key or a value out of range.
    """
    document = spec.model_dump()
    for key, value in assignments.items():
        *sections, leaf = key.split(".")
        node: Any = document
        for section in sections:
            node = node.get(section) if isinstance(node, dict) else None
        if not isinstance(node, dict) or leaf not in node:
            raise UserError(f"There is no setting named {key}; the settings are {', '.join(_dotted(document))}.")
        decoded = _decoded(value)
        is_text = isinstance(node[leaf], str) and isinstance(value, str)
        node[leaf] = value if is_text and not isinstance(decoded, str) else decoded
    return RunSpec.parse(document)


def explain(error: ValidationError) -> str:
    """The first complaint of pydantic in words a person can act on."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown setting {where}; remove it, or update the program if the file came from a newer one."
    if where.endswith("objective.beta"):
        return (
            f"β must lie between 0 and 1, both excluded, and is {first['input']}; "
            "give the share of sensitive images, such as 0.1."
        )
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":  # one of ours, which says all
        return f"{message}; correct the value."
    return f"{where or 'the document'} is {first['input']!r}, but {message[0].lower()}{message[1:]}; correct the value."


def _dotted(document: dict[str, Any], prefix: str = "") -> list[str]:
    keys = []
    for key, value in document.items():
        keys += _dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return keys


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
