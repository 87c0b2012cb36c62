"""The model card of an exported model: Markdown with the front matter that model hubs read.

It tells of people's images in counts alone: no name, no path and no picture of any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.checkpoint import CheckpointState, Weights
from training.families import ConditionKind, DiffusionModel
from training.modelcard_settings import plain_words, settings_table
from training.modelcard_usage import usage
from training.process import FlowMatchingProcess
from training.report import Report
from training.spec import RunSpec

PAPER = "https://arxiv.org/abs/2503.03789"
PURPOSES: Mapping[ConditionKind, tuple[str, str | None]] = {
    "none": ("unconditional-image-generation", "unconditional-image-generation"),
    "class": ("class-conditional-image-generation", None),
    "caption": ("text-to-image", "text-to-image"),
}
"""By what a model draws from: the tag that says so, and the task by which hubs sort it, where they have one."""
LIMITS = (
    "It is not a guarantee. The model was made to generate fewer sensitive images; it can still generate some. What "
    "nobody labeled, or what looks unlike every labeled example, may not have been removed at all. A judge that counts "
    "sensitive images errs too, so look at samples yourself before you rely on this model. Further training on images "
    "of that kind brings them back."
)
LIMITS_UNSUPERVISED = (
    "It is not sanitized: expect sensitive images as often as they occur among the images that it was trained on."
)
MEMORY = "As any diffusion model, it can reproduce images that it was trained on."
CONTENTS = "Weights as safetensors, their configuration, and the report of the evaluation where there was one. No \
training image, no thumbnail and no path of the computer that it was made on."
WEIGHT_WORDS: Mapping[Weights, str] = {"ema": "averaged over training (EMA)", "raw": "as they were at the last step"}


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a card tells of. Of the model only its facts count, not its weights."""

    model: DiffusionModel
    spec: RunSpec
    state: CheckpointState
    weights: Weights
    label_counts: Mapping[str, int]
    report: Report | None


def model_card(facts: CardFacts) -> str:
    """The whole `README.md`."""
    unsupervised = facts.spec.objective.kind == "unsupervised"
    sections = {
        "What it is": _what(facts),
        "What was removed": _removed(facts),
        "How it was measured": _measured(facts),
        "How it was made": settings_table(facts.model, facts.spec, facts.state),
        "What it is not": f"{LIMITS_UNSUPERVISED if unsupervised else LIMITS} {MEMORY}",
        "How to use it": usage(facts.model, lora=bool(facts.state.lora_rank), base=base_name(facts.spec)),
        "What is inside": CONTENTS,
    }
    text = "\n\n".join(f"## {title}\n\n{words}" for title, words in sections.items())
    return f"{_front_matter(facts)}\n\n# {plain_words(facts.spec.name)}\n\n{text}\n"


def _front_matter(facts: CardFacts) -> str:
    tag, task = PURPOSES[facts.model.conditioning]
    tags = ["diffusers", tag, "pu-dm", "positive-unlabeled", *(["lora"] if facts.state.lora_rank else [])]
    lines = ["library_name: diffusers", *([f"pipeline_tag: {task}"] if task else []), "tags:"]
    return "\n".join(["---", *lines, *(f"- {name}" for name in tags), "---"])


def base_name(spec: RunSpec) -> str | None:
    """The name of the base model's folder or file, without its path; None for a model from scratch."""
    return None if spec.model.source == "scratch" else Path(spec.model.source).name


def _what(facts: CardFacts) -> str:
    base = base_name(facts.spec)
    size, kind = facts.model.image_size, "grey" if facts.model.channels == 1 else "colour"
    draws = {
        "none": "draws without a condition",
        "class": f"draws by class, of which there are {facts.model.classes:,}",
        "caption": "draws what a caption says",
    }[facts.model.conditioning]
    model = f"A diffusion model of {kind} images of {size} × {size} pixels ({facts.model.family} model), which {draws}"
    origin = "trained from scratch" if base is None else f"fine-tuned from the model `{_code(base)}`"
    aim = {
        "unsupervised": "on all of its images alike: nothing was removed from it",
        "supervised": "so that it generates few sensitive images, with unlabeled images taken for normal ones",
        "pu": f"so that it generates few sensitive images ([positive-unlabeled diffusion models]({PAPER}))",
        "pnu": "so that it generates few sensitive images ([positive-unlabeled diffusion models]"
        f"({PAPER}), with labeled normal images)",
    }[facts.spec.objective.kind]
    lora = (
        " It was trained by LoRA: the adapters are merged into this folder's weights, and are also here as a file of "
        "their own."
        if facts.state.lora_rank
        else ""
    )
    return f"{model}. It was {origin} {aim}.{lora} Weights: {WEIGHT_WORDS[facts.weights]}."


def _removed(facts: CardFacts) -> str:
    counts = facts.label_counts
    sensitive, normal = counts.get("sensitive", 0), counts.get("normal", 0)
    pool = f"{_count(counts.get('unlabeled', 0) + normal, 'image')} not labeled sensitive"
    if normal:
        pool += f", {normal:,} of them labeled normal"
    if facts.spec.objective.kind == "unsupervised":
        return f"Nothing. It was trained on {pool}; some of those may be sensitive."
    return (
        f"What {_count(sensitive, 'image')} labeled sensitive by a curator have in common. It learned from these and "
        f"from {pool}."
    )


def _measured(facts: CardFacts) -> str:
    report = facts.report
    if report is None:
        return "Not at all: nobody knows how much of what it generates is still sensitive."
    before = report.nsr_before is not None or report.fid_before is not None
    rows = [
        (
            "non-sensitive rate (NSR)",
            _rate(report.nsr_before, report.nsr_before_interval),
            _rate(report.nsr, report.nsr_interval),
        ),
        ("Fréchet distance", _distance(report.fid_before), _distance(report.fid)),
    ]
    if before:
        table = ["| | base model | this model |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    else:
        table = ["| | this model |", "|---|---|", *(f"| {a} | {c} |" for a, _, c in rows)]
    drawn = (
        f"On {report.n_samples:,} generated images{' of each model' if before else ''} (evaluation seed "
        f"{report.evaluation_seed}, {report.sampling_steps} {_sampler(facts)}). The NSR is the share that a judge "
        "calls normal, with its 95 % interval."
    )
    distance = report.fid_note or f"Fréchet distance on {report.fid_features}, to {report.fid_reference}."
    paragraphs = ["\n".join(table), f"{drawn} {report.judge_note}", _sentence(distance), *_caveats(facts, report)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _caveats(facts: CardFacts, report: Report) -> list[str]:
    """Where the figures are not those of the weights in this folder."""
    found = []
    if report.weights != facts.weights:
        found.append(f"These figures are of the weights {WEIGHT_WORDS[report.weights]}, not of those in this folder.")
    if report.steps != facts.state.step:
        found.append(
            f"These figures are of step {report.steps:,}; the weights in this folder are of step {facts.state.step:,}."
        )
    return found


def _sampler(facts: CardFacts) -> str:
    steps = "Euler steps" if isinstance(facts.model.process, FlowMatchingProcess) else "DDIM steps"
    if facts.model.conditioning == "none":
        return steps
    asked = facts.spec.preview.guidance
    scale = facts.model.guidance if asked is None else asked
    return f"{steps}, with guidance of {scale:g}" if scale != 1 and facts.model.null_condition is not None else steps


def _rate(rate: float | None, interval: tuple[float, float] | None) -> str:
    if rate is None:
        return "–"
    return f"{rate:.3f}" if interval is None else f"{rate:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _distance(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
