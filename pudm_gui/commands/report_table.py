"""A report as a small table for a terminal."""

from __future__ import annotations

import textwrap

from training.report import Report

NAME, COLUMN = 36, 18


def report_table(report: Report) -> str:
    """Lay the figures of `report` out, before and after side by side."""
    interval, before = report.nsr_interval, report.nsr_before_interval
    table = [
        _row("", "before", "after"),
        _row("Images that are not sensitive", _percent(report.nsr_before), _percent(report.nsr)),
        _row("  95 % interval", _range(before), _range(interval)),
        _row("Fréchet distance to normal images", _number(report.fid_before), _number(report.fid)),
        "─" * (NAME + 2 * COLUMN),
    ]
    notes = [
        f"{report.n_samples:,} images of each model from the same seeds; {report.sampling_steps} sampling steps.",
        report.judge_note,
        *([f"Fréchet distance on {report.fid_features}, to {report.fid_reference}."] if report.fid is not None else []),
        *([report.fid_note] if report.fid_note else []),
        f"Labels: {_labels(report.label_counts)}; β {report.beta:.3g} ({report.beta_source}).",
    ]
    return "\n".join([*table, *(line for note in notes for line in textwrap.wrap(note, NAME + 2 * COLUMN))])


def _row(name: str, before: str, after: str) -> str:
    return f"{name:<{NAME}}{before:>{COLUMN}}{after:>{COLUMN}}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _range(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _labels(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in counts.items())
