"""The options of `pudm train` that say where captions or classes come from."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pudm_gui.class_map import parse_class_map
from pudm_gui.commands.console import Console
from pudm_gui.model_folder import ModelFacts
from training.conditions import Kind, check_classes, class_count, resolve
from training.errors import UserError
from training.manifest import ManifestEntry
from training.spec import ConditionSource, RunSpec

SOURCES = tuple(source for source in get_args(ConditionSource) if source != "none")


def add_condition_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("models that take captions or classes")
    group.add_argument(
        "--conditioning",
        "--caption-source",
        choices=SOURCES,
        metavar="SOURCE",
        help="where an image's caption or class comes from: "
        + ", ".join(SOURCES)
        + " (sidecar: the .txt file beside it; label: one for each label)",
    )
    group.add_argument("--csv", type=Path, metavar="FILE", help="for csv: with a column path; implies it")
    group.add_argument("--column", metavar="NAME", help="for csv: the column to take; default: caption, or class")
    group.add_argument(
        "--by-label",
        type=_pair,
        nargs="+",
        metavar="LABEL=TEXT",
        help="for label, and implies it: unlabeled='a photo of a man' sensitive='a photo of a known man'",
    )
    group.add_argument("--classes", type=Path, metavar="FILE", help="numbers of the classes, one name=number a line")


def condition_settings(args: argparse.Namespace, facts: ModelFacts | None) -> dict[str, Any]:
    """The options as settings of a run on the model of `facts`, or from scratch.

    Raises
    ------
    UserError
        A file is missing or cannot be understood, or an option does not go with the source.
    """
    implied = "csv" if args.csv is not None else "label" if args.by_label else None
    source = args.conditioning or implied
    if args.column is not None and source != "csv":
        raise UserError("--column is for captions or classes from a CSV file; name that with --csv.")
    if source is None:
        return _classes(args, facts)
    if implied not in (None, source) or (args.csv is not None and args.by_label):
        option = "--csv" if args.csv is not None else "--by-label"
        raise UserError(f"{option} does not go with --conditioning {source}; leave one of them out.")
    settings: dict[str, Any] = {"conditioning.source": source} | _classes(args, facts)
    if args.csv is not None:
        if not args.csv.is_file():
            raise UserError(f"There is no file {args.csv}; name a CSV file with the columns path and caption or class.")
        settings["conditioning.csv"] = str(args.csv.resolve())
        settings["conditioning.csv_column"] = (
            "class" if facts is not None and facts.conditioning == "class" else "caption"
        )
    if args.column is not None:
        settings["conditioning.csv_column"] = args.column
    if args.by_label:
        texts = dict(args.by_label)
        texts.setdefault("normal", texts.get("unlabeled", ""))  # both are of the same pool
        settings["conditioning.by_label"] = {label: text for label, text in texts.items() if text}
    return settings


def check_conditions(facts: ModelFacts, spec: RunSpec) -> None:
    """Say at once, before the labels are frozen, that a model needs conditions, or takes none.

    Raises
    ------
    UserError
        The model and the spec's source do not go together.
    """
    source = spec.conditioning.source
    if facts.conditioning == "none" and source != "none":
        raise UserError(f"{facts.path} takes neither captions nor classes; leave --conditioning out.")
    if facts.conditioning != "none" and source == "none":
        choices = ("sidecar", "csv", "label") if facts.conditioning == "caption" else ("folder", "tag", "csv", "label")
        raise UserError(
            f"{facts.path} makes images by {facts.conditioning}; say where the {facts.conditioning} of an image comes "
            f"from with --conditioning {'|'.join(choices)}."
        )


def look_up_conditions(
    spec: RunSpec, entries: Sequence[ManifestEntry], facts: ModelFacts | None, console: Console
) -> None:
    """Find the caption or class of every image, as the engine will, before there is a run that could fail.

    Raises
    ------
    UserError
        An image has none, or a class that the model does not have.
    """

    def tick(done: int, total: int) -> None:
        if done < total:
            console.progress("Looking up captions and classes", done, total)

    kind: Kind = "class" if facts is None or facts.conditioning == "class" else "caption"
    try:
        found = resolve(spec, entries, kind, tick=tick)
    finally:
        console.end_progress()
    if facts is None:
        class_count(spec, entries)
    elif facts.classes is not None:
        check_classes(found, facts.classes)


def _classes(args: argparse.Namespace, facts: ModelFacts | None) -> dict[str, Any]:
    """Numbers by name: the model's own, and what a file says over them."""
    known = {} if facts is None else facts.class_names
    if args.classes is None:
        return {"conditioning.classes": known} if known else {}
    try:
        text = args.classes.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise UserError(f"{args.classes} cannot be read ({error}); name a text file of name=number lines.") from None
    return {"conditioning.classes": known | parse_class_map(text)}


def _pair(text: str) -> tuple[str, str]:
    label, equals, value = text.partition("=")
    if not equals or label not in ("unlabeled", "sensitive", "normal"):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form unlabeled=TEXT or sensitive=TEXT")
    return label, value
