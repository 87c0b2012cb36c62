"""`pudm labels import` and `pudm labels export`."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from pudm_gui.commands.console import BAD_INPUT, INTERRUPTED, Console, counted_interrupts
from pudm_gui.project.exchange.exporting import export
from pudm_gui.project.exchange.formats import FORMATS
from pudm_gui.project.exchange.importing import apply, preview_import
from pudm_gui.project.exchange.matching import CancelledError
from pudm_gui.project.exchange.planning import ImportPlan
from pudm_gui.project.exchange.report import report_of
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from training.errors import UserError

LISTED = 20
"""So many problems and unknown files are listed in a preview."""


def add_options(importing: argparse.ArgumentParser, exporting: argparse.ArgumentParser) -> None:
    """Give both commands their arguments."""
    guessed = "default: guessed from the name and what it holds"
    importing.add_argument("project", type=Path, metavar="PROJECT")
    importing.add_argument("file", type=Path, metavar="FILE", help="a table, or a folder of images or text files")
    importing.add_argument("--format", choices=FORMATS, help=guessed)
    importing.add_argument("--preview", action="store_true", help="say what would change, and change nothing")
    text = "where an image has another label than the file, leave it; take off no tag"
    importing.add_argument("--keep-existing", action="store_true", help=text)
    text = "who gave the labels, where the file does not tell; default: you"
    importing.add_argument("--annotator", metavar="NAME", help=text)
    exporting.add_argument("project", type=Path, metavar="PROJECT")
    exporting.add_argument("file", type=Path, metavar="FILE", help="a table, or a new folder")
    exporting.add_argument("--format", choices=FORMATS, help="default: csv or jsonl by the name, folder without ending")
    links = exporting.add_mutually_exclusive_group()
    for flag, kind, words in (("--link", "symlink", "symbolic"), ("--hard-link", "hardlink", "hard")):
        text = f"a folder of images gets {words} links in place of copies"
        links.add_argument(flag, dest="copying", action="store_const", const=kind, default="copy", help=text)


def import_labels(args: argparse.Namespace, console: Console) -> int:
    def show(rows: int, _read: int) -> None:
        console.progress("Reading rows", rows, 0)

    try:
        with (
            Project.open(args.project, read_only=args.preview) as project,
            counted_interrupts() as interrupts,
        ):
            plan = preview_import(
                project,
                args.file,
                args.format,
                keep_existing=args.keep_existing,
                annotator=_name(args.annotator),
                progress=show,
                cancelled=lambda: interrupts.count > 0,
            )
            if args.preview:
                console.result({**_document(plan), "problems": [str(p) for p in plan.problems.first]}, _text(plan))
                return BAD_INPUT if plan.problems.count else 0
            _refuse_strangers(plan)
            apply(project, plan, cancelled=lambda: interrupts.count > 0)
    except CancelledError:
        console.say("Stopped; nothing was changed.")
        return INTERRUPTED
    console.result(_document(plan), str(report_of(plan)))
    return 0


def export_labels(args: argparse.Namespace, console: Console) -> int:
    try:
        with Project.open(args.project, read_only=True) as project, counted_interrupts() as interrupts:
            report = export(
                project,
                args.file,
                args.format,
                copying=args.copying,
                progress=lambda done, total: console.progress("Writing", done, total),
                cancelled=lambda: interrupts.count > 0,
            )
    except CancelledError:
        console.say("Stopped; nothing was written.")
        return INTERRUPTED
    missing = f" {report.left_out:,} images are not where they were and were left out." if report.left_out else ""
    document = {"file": str(args.file), "rows": report.written, "left_out": report.left_out}
    console.result(document, f"{report.written:,} labels written to {args.file}.{missing}")
    return 0


def _name(annotator: str | None) -> str | None:
    if annotator is not None and not annotator.strip():
        raise UserError("The annotator's name is empty; write one, or leave --annotator out.")
    return annotator


def _refuse_strangers(plan: ImportPlan) -> None:
    """A file that knows none of the images is that of another project, or of another place."""
    if plan.rows and plan.unknown.count == plan.rows and not plan.problems.count:
        raise UserError(
            f"{plan.source} names no image of the project (the first is {plan.unknown.first[0].words}), so nothing was "
            "changed; a path is relative to an image folder of the project, or absolute."
        )


def _document(plan: ImportPlan) -> dict[str, Any]:
    becoming = {label.word: plan.becoming(label) for label in Label}
    return {**dataclasses.asdict(report_of(plan)), "becoming": becoming, "overwritten_of": plan.overwritten_of}


def _text(plan: ImportPlan) -> str:
    lines = [f"{plan.rows:,} rows in {plan.source}. Importing it would change:"]
    lines += [f"  {plan.becoming(label):>9,}  to {label.word}" for label in Label]
    lines.append(f"  {plan.unchanged:>9,}  unchanged")
    if len(plan.overwritten):
        givers = ", ".join(f"{count:,} by {name}" for name, count in plan.overwritten_of.items())
        lines.append(f"  {len(plan.overwritten):>9,}  of these have another label now, given {givers}")
    if len(plan.kept):
        lines.append(f"  {len(plan.kept):>9,}  keep the label they have")
    if len(plan.tags.added.ids) or len(plan.tags.removed.ids):
        lines.append(f"  {len(plan.tags.added.ids):>9,}  tags put on, {len(plan.tags.removed.ids):,} taken off")
    for count, first, words in (
        (plan.unknown.count, [p.words for p in plan.unknown.first], "not in the project"),
        (plan.problems.count, [str(p) for p in plan.problems.first], "problems; nothing can be imported"),
    ):
        if count:
            lines.append(f"  {count:>9,}  {words}:")
            lines += [f"             {line}" for line in first[:LISTED]]
            lines += ["             …"] if count > LISTED else []
    return "\n".join(lines)
