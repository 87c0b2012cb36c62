"""How an exported model was made: the table of settings on its card."""

from __future__ import annotations

from collections.abc import Mapping

from training.checkpoint import CheckpointState
from training.families import DiffusionModel
from training.spec import ConditionSource, RunSpec

CORRECTIONS = {
    "abs": "its absolute value is minimised",
    "max": "it is raised again, as in nnPU",
    "hinge": "the loss on unlabeled images alone is minimised",
}
BETA_SOURCES = {
    "default": "the default, not estimated",
    "user": "set by hand",
    "prior": "proposed by an estimate from the labels",
    "audit": "estimated from an audit of random images",
}
CONDITION_SOURCES: Mapping[ConditionSource, str] = {
    "folder": "by its folder",
    "tag": "by its tag",
    "sidecar": "from the text file beside it",
    "csv": "from a table",
    "label": "by its label",
}


def settings_table(model: DiffusionModel, spec: RunSpec, state: CheckpointState) -> str:
    """The table's Markdown."""
    objective = spec.objective
    rows: list[tuple[str, str]] = [("objective", objective.kind)]
    if objective.kind in ("pu", "pnu"):
        source = BETA_SOURCES.get(objective.beta_source, objective.beta_source)
        rows += [
            ("β, share of sensitive images among the unlabeled", f"{objective.beta:.4g} ({plain_words(source)})"),
            (
                "correction where the risk turns negative",
                f"{objective.correction}: {CORRECTIONS[objective.correction]}",
            ),
            ("weight of the L_S⁺ term", f"{objective.positive_weight:g}"),
        ]
    if objective.kind == "pnu":
        rows.append(("weight of the supervised risk", f"{objective.pnu_weight:g}"))
    rows += [
        ("per-image loss", f"{objective.reduction} over pixels and channels{_temperature(objective.temperature)}"),
        *([] if model.conditioning == "none" else [(f"{model.conditioning} of an image", _condition(spec))]),
        ("what was trained", _trained(state)),
        ("steps", f"{state.step:,} of {spec.optim.steps:,}"),
        ("batch size", f"{spec.optim.batch_size:,}"),
        ("learning rate", f"{spec.optim.learning_rate:g}"),
        ("precision", state.precision),
        ("seed", f"{state.seed}"),
    ]
    return "\n".join(["| setting | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _temperature(temperature: float) -> str:
    return "" if temperature == 1 else f", divided by {temperature:g}"


def _condition(spec: RunSpec) -> str:
    """Where conditions came from, but none of them: captions may tell of people."""
    settings = spec.conditioning
    dropped = f"; left out for {settings.dropout:.0%} of the images" if settings.dropout else ""
    return f"{CONDITION_SOURCES[settings.source]}{dropped}"


def _trained(state: CheckpointState) -> str:
    rank, alpha = state.lora_rank, state.lora_alpha
    if not rank:
        return "all weights of the denoising network"
    return f"LoRA adapters of rank {rank:,}, at a scale of {(rank if alpha is None else alpha) / rank:g}"


def plain_words(text: str) -> str:
    """A person's own words on one line, with nothing that Markdown or HTML takes for markup."""
    line = " ".join(text.split()) or "Model"
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in line)
