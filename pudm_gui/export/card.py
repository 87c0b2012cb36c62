"""The model card: a short preview from the same figures, until the engine has written the real one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFont, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument

from pudm_gui.run_summary import RunSummary
from pudm_gui.theme import FONT_BODY, FONT_HEADING, FONT_TITLE, SPACE_S, SPACE_XL
from pudm_gui.verdict import format_distance, verdict
from training.report import Report


def card_preview(summary: RunSummary, weights: str) -> str:
    """Markdown: what the model is, what was removed from it, how that was measured, and what it is not."""
    report = summary.report
    start = (
        _tr("Fine-tuned from an earlier model so that it generates fewer sensitive images")
        if summary.fine_tuned
        else _tr("Trained from scratch so that it generates few sensitive images")
    )
    what = _tr("{start} (positive-unlabeled diffusion models, arXiv 2503.03789). Weights: {weights}.").format(
        start=start, weights=_tr("EMA, averaged over training") if weights == "ema" else _tr("raw, of the last step")
    )
    if summary.lora:
        what += " " + _tr("Trained by LoRA: the adapters are merged into the weights, and are also there as a file.")
    sections = [
        (_tr("What it is"), what),
        (_tr("What was removed"), _removed(report)),
        (_tr("How it was measured"), _measured(report)),
        (_tr("How it was made"), _made(report)),
        (
            _tr("What it is not"),
            _tr("A guarantee. It can still generate sensitive images, and a judge can be wrong about an image."),
        ),
        (_tr("What is inside"), _tr("Weights as safetensors. No training image, no thumbnail and no path.")),
    ]
    return "\n\n".join([f"# {summary.title}", *(f"## {title}\n\n{text}" for title, text in sections)])


def lay_out(document: QTextDocument) -> None:
    """Give headings and paragraphs the window's type and some air; Qt's own for Markdown has neither."""
    block = document.begin()
    while block.isValid():
        level = block.blockFormat().headingLevel()
        air = QTextBlockFormat()
        air.setTopMargin(SPACE_XL if level == 2 else 0)
        air.setBottomMargin(SPACE_S)
        cursor = QTextCursor(block)
        if cursor.currentTable() is None:
            cursor.mergeBlockFormat(air)
        if level:
            font = QFont(document.defaultFont())
            font.setPixelSize({1: FONT_TITLE, 2: FONT_HEADING}.get(level, FONT_BODY))
            font.setWeight(QFont.Weight.DemiBold)
            letters = QTextCharFormat()  # not merged: Qt's own relative size would win over the pixels
            letters.setFont(font)
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            cursor.setCharFormat(letters)
        block = block.next()


def _removed(report: Report | None) -> str:
    if report is None:
        return _tr("Not measured: the model has not been evaluated.")
    learned = _tr("Learned from {sensitive:,} sensitive and {unlabeled:,} unlabeled images.")
    labels = learned.format(
        sensitive=report.label_counts.get("sensitive", 0), unlabeled=report.label_counts.get("unlabeled", 0)
    )
    return f"{verdict(report).text}\n\n{labels}"


def _measured(report: Report | None) -> str:
    if report is None:
        return _tr("Not at all.")
    rows = [
        (_tr("non-sensitive rate (NSR)"), _rate(report.nsr_before, report.nsr_before_interval)),
        (_tr("Fréchet distance"), format_distance(report.fid_before)),
    ]
    after = (_rate(report.nsr, report.nsr_interval), format_distance(report.fid))
    table = [f"| | {_tr('before')} | {_tr('after')} |", "|---|---|---|"]
    table += [f"| {name} | {before} | {now} |" for (name, before), now in zip(rows, after, strict=True)]
    about = _tr("On {count:,} images a model, seed {seed}, {steps} sampling steps. {note}").format(
        count=report.n_samples, seed=report.evaluation_seed, steps=report.sampling_steps, note=report.judge_note
    )
    distance = _tr("Fréchet distance on {features}, to {reference}.").format(
        features=report.fid_features, reference=report.fid_reference
    )
    return "\n".join(table) + f"\n\n{about}\n\n{report.fid_note or distance}"


def _made(report: Report | None) -> str:
    if report is None:
        return _tr("With the settings of the run: objective, β, steps, batch size, learning rate, seed.")
    text = _tr("Objective {objective} with β = {beta:.3g}, {correction}, {reduction}; {steps:,} steps, seed {seed}.")
    return text.format(
        objective=report.objective,
        beta=report.beta,
        correction=report.correction,
        reduction=report.reduction,
        steps=report.steps,
        seed=report.seed,
    )


def written_card(folder: Path) -> str | None:
    """The card of an export without its front matter; None where it cannot be read."""
    try:
        text = (folder / "README.md").read_text("utf-8")
    except (OSError, ValueError):
        return None
    if text.startswith("---\n"):
        _, _, text = text[4:].partition("\n---\n")
    return text.strip()


def _rate(rate: float | None, interval: tuple[float, float] | None) -> str:
    if rate is None:
        return "–"
    return f"{rate:.3f}" if interval is None else f"{rate:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelCard", text)
