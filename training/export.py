"""The export stage: a run's model as a diffusers folder with a model card, kept only if it passes its checks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from training.atomic import atomic_folder, write_atomic
from training.checkpoint import Weights, full_disk_told, load_model, load_state, require_checkpoint
from training.checkpoint_layout import EXPORTED
from training.device import pick_device
from training.errors import UserError
from training.events import EventLog
from training.export_checks import Check, verify
from training.export_lora import write_adapters
from training.export_privacy import secrets_of, strings
from training.families import DiffusionModel
from training.manifest import label_counts, read_manifest
from training.modelcard import CardFacts, model_card
from training.report import Report
from training.runs import RunFolder

WHERE_FROM = ("_name_or_path", "name_or_path")
"""Keys of configuration files that tell where a part was loaded from."""
STAGES = ("Loading the run's model", "Writing the model", "Checking what was written")


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A folder that passed every check."""

    folder: Path
    weights: Weights
    step: int
    checks: list[Check]


def export(
    run: RunFolder, out_dir: Path, *, weights: Weights = "ema", log: EventLog, replace_export: bool = False
) -> ExportResult:
    """Write the model of the run's latest checkpoint to `out_dir`, which appears only once every check has passed.

    Parameters
    ----------
    replace_export
        Take the place of an earlier export. A folder with other files in it is left alone all the same.

    Raises
    ------
    UserError
        The run has no checkpoint, `out_dir` is taken or cannot be written, the disk is full, or a check failed.
    """
    checkpoint = require_checkpoint(run)
    _check_target(out_dir, replace_export)
    spec, state = run.spec(), load_state(checkpoint)
    entries = read_manifest(run.manifest_file)
    report = Report.load(run.report_file) if run.report_file.exists() else None
    _tell(log, 0)
    model = load_model(checkpoint, weights)
    facts = CardFacts(model, spec, state, weights, label_counts(entries), report)
    secrets = secrets_of(spec, entries, (run.path, out_dir), _ordinary_texts(facts))
    device = pick_device("cpu" if spec.device == "cpu" else "auto")
    _make_parent(out_dir)
    with full_disk_told(f"the export {out_dir.name}"), atomic_folder(out_dir) as folder:
        _tell(log, 1)
        checks = []
        if state.lora_rank:
            model, check = write_adapters(model, folder)
            checks.append(check)
        save_model(model, folder)
        write_atomic(folder / "README.md", model_card(facts))
        if report is not None:
            report.save(folder / "report.json")
        _tell(log, 2)
        checks += verify(folder, model, device, secrets)
        _require_all(checks)
    _tell(log, 3)
    log.emit(
        "result", folder=str(out_dir), weights=weights, step=state.step, checks=[asdict(check) for check in checks]
    )
    return ExportResult(out_dir, weights, state.step, checks)


def save_model(model: DiffusionModel, folder: Path) -> None:
    """Write the pipeline, without the paths that libraries note down of where a part was loaded from."""
    model.save(folder)
    for path in sorted(folder.rglob("*.json")):
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        told = [key for key in WHERE_FROM if document.pop(key, None) is not None]
        if told:
            write_atomic(path, json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def _check_target(folder: Path, replace_export: bool) -> None:
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise UserError(f"{folder} is a file, or lies below one; choose a folder to export to.") from None
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror}); choose another folder to export to.") from None
    earlier_export = "model_index.json" in names and names <= EXPORTED
    if names and earlier_export and not replace_export:
        raise UserError(f"{folder} holds an earlier export; choose a new folder, or replace it with --replace.")
    if names and not earlier_export:
        raise UserError(f"{folder} already exists and is not empty; choose a new folder to export to.")


def _make_parent(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder.parent} cannot be made ({error.strerror}); choose another folder.") from error
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        raise UserError(f"{folder.parent} cannot be written to; choose another folder to export to.")


def _ordinary_texts(facts: CardFacts) -> Iterator[str]:
    """What an export says on purpose, whatever was measured: its card and its configuration."""
    yield model_card(replace(facts, report=None))
    for config in configurations(facts.model):
        yield from strings({key: value for key, value in config.items() if key not in WHERE_FROM})


def configurations(model: DiffusionModel) -> Iterator[dict[str, Any]]:
    """The configuration of the pipeline, and of each of its parts."""
    yield dict(model.pipeline.config)
    for part in model.pipeline.components.values():
        config = getattr(part, "config", None)
        if config is not None:
            yield config.to_dict() if hasattr(config, "to_dict") else dict(config)


def _require_all(checks: list[Check]) -> None:
    failed = [check for check in checks if not check.ok]
    if failed:
        reasons = "; ".join(f"{check.name}: {check.detail}" for check in failed)
        raise UserError(f"The exported model did not pass its checks and was not kept ({reasons}).")


def _tell(log: EventLog, done: int) -> None:
    log.emit("progress", what=STAGES[min(done, len(STAGES) - 1)], done=done, total=len(STAGES))
