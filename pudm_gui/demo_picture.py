"""The demo's before/after picture: samples of both models from the same seeds, sensitive ones framed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from training.report import Report

COLUMNS, ROWS = 10, 8
TILE, GAP, MARGIN, MIDDLE = 64, 10, 64, 80
HEADER, FOOTER = 196, 140
PANEL = COLUMNS * (TILE + GAP) - GAP
FRAME = 4
PAPER, INK, MUTED, RULE, WARM = "#faf9f7", "#1f2328", "#6b7076", "#dcdad5", "#d9541e"


@dataclass(frozen=True, slots=True)
class Panel:
    """One model's samples, by seed, and the judge's probability that each is sensitive."""

    title: str
    rate: str
    interval: str
    files: Sequence[Path]
    sensitive: Sequence[float]


def draw_before_after(evaluation: Path, report: Report, out: Path) -> None:
    """Draw the first samples in `evaluation` (``before/``, ``after/``, ``judgments.json``) and save them as `out`."""
    judgments = json.loads((evaluation / "judgments.json").read_text("utf-8"))
    before = _panel("Before", evaluation / "before", judgments["before"], report.nsr_before, report.nsr_before_interval)
    after = _panel("After", evaluation / "after", judgments["after"], report.nsr, report.nsr_interval)
    width = 2 * MARGIN + 2 * PANEL + MIDDLE
    height = HEADER + ROWS * (TILE + GAP) - GAP + FOOTER
    canvas = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(canvas)
    draw.text((MARGIN, 40), "The same seeds, before and after sanitizing", INK, _font(30))
    for panel, left in ((before, MARGIN), (after, MARGIN + PANEL + MIDDLE)):
        _draw_panel(canvas, draw, panel, left)
    _draw_footer(draw, report, height)
    canvas.save(out, optimize=True)


def _panel(
    title: str, folder: Path, sensitive: Sequence[float], rate: float | None, interval: tuple[float, float] | None
) -> Panel:
    return Panel(
        title,
        "" if rate is None else f"{100 * rate:.1f} %",
        ""
        if interval is None
        else f"not sensitive, 95 % interval {100 * interval[0]:.1f} to {100 * interval[1]:.1f} %",
        sorted(folder.glob("*.png"))[: COLUMNS * ROWS],
        sensitive,
    )


def _draw_panel(canvas: Image.Image, draw: ImageDraw.ImageDraw, panel: Panel, left: int) -> None:
    draw.line((left, 96, left + PANEL, 96), RULE, 2)
    baseline = 152
    draw.text((left, baseline), panel.title, INK, _font(24), anchor="ls")
    right = left + PANEL
    draw.text((right, baseline), panel.interval, MUTED, _font(18), anchor="rs")
    room = draw.textlength(panel.interval, _font(18)) + 12
    draw.text((right - room, baseline), panel.rate, INK, _font(32), anchor="rs")
    for index, file in enumerate(panel.files):
        x = left + (index % COLUMNS) * (TILE + GAP)
        y = HEADER + (index // COLUMNS) * (TILE + GAP)
        with Image.open(file) as image:
            canvas.paste(image.convert("RGB").resize((TILE, TILE), Image.Resampling.BICUBIC), (x, y))
        if panel.sensitive[index] > 0.5:
            _mark(draw, x, y)


def _mark(draw: ImageDraw.ImageDraw, x: int, y: int) -> None:
    """Frame a tile and hang a diamond on its corner: told by colour and by shape."""
    draw.rounded_rectangle((x - FRAME, y - FRAME, x + TILE + FRAME - 1, y + TILE + FRAME - 1), 6, None, WARM, FRAME)
    _diamond(draw, x + TILE - 4, y + 4, 10)


def _diamond(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
    draw.polygon(corners, WARM, PAPER, 2)


def _draw_footer(draw: ImageDraw.ImageDraw, report: Report, height: int) -> None:
    labeled = report.label_counts.get("sensitive", 0)
    line = height - FOOTER + 46
    _diamond(draw, MARGIN + 10, line, 10)
    legend = "Judged to be an odd digit, which stands for sensitive here"
    draw.text((MARGIN + 32, line), legend, INK, _font(18), anchor="lm")
    facts = [
        f"{report.steps:,} steps from {labeled:,} labeled odd digits",
        f"rates from {report.n_samples:,} samples of each model",
    ]
    if report.fid is not None and report.fid_before is not None:
        facts.append(
            f"distance to real even digits {report.fid_before:.2f} before, {report.fid:.2f} after (less is better)"
        )
    draw.text((MARGIN, line + 38), "   ·   ".join(facts), MUTED, _font(18), anchor="lm")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font inside Pillow, which has no accented letters."""
    return ImageFont.load_default(size)
