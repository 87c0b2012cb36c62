"""`pudm features`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from pudm_gui.commands.console import INTERRUPTED, Console
from pudm_gui.commands.engine import run_stage
from pudm_gui.project.features import features_job, missing_features
from pudm_gui.project.project import Project
from training.errors import UserError
from training.spec import EncoderKind


def features(args: argparse.Namespace, console: Console) -> int:
    encoder, model = _encoder(args.encoder, args.source)
    with Project.open(args.project, read_only=True) as project:
        run = features_job(project, encoder, model, args.device or "auto", args.config)
        outcome = run_stage("features", run, [run.path], console)
        missing = missing_features(project, run.path.parent.name)
    told = outcome.last("result") or {}
    store = run.path.parent
    rows = int(told.get("rows", 0))
    document = {"encoder": store.name, "rows": rows, "missing": missing, "folder": str(store)}
    if outcome.stopped:
        console.say(f"Stopped; go on with the same command. {missing:,} images are left.")
    console.result(document, f"{rows:,} images have features of {store.name}, in {store}.")
    return INTERRUPTED if outcome.stopped else 0


def _encoder(text: str, model: Path | None) -> tuple[str, Path | None]:
    """A kind or id and its model; a path is an encoder's folder."""
    kinds = get_args(EncoderKind)
    if text.partition("-")[0] in kinds and not Path(text).is_dir():
        return text, model
    folder = Path(text)
    if not folder.is_dir():
        named = ", ".join(kind for kind in kinds if kind != "folder")
        raise UserError(f"There is no encoder and no folder {text}; choose one of {named}, or the folder of one.")
    return "folder", folder
