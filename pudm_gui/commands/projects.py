"""`pudm new` and `pudm scan`."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
from pathlib import Path

from pudm_gui.commands.console import INTERRUPTED, Console, counted_interrupts
from pudm_gui.project.images import counts
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root, repoint, roots
from pudm_gui.project.scan import ScanProgress, scan
from training.errors import UserError


def new(args: argparse.Namespace, console: Console) -> int:
    for folder in args.image_dirs:
        if not folder.is_dir():
            raise UserError(f"There is no folder {folder}; name a folder of images.")
    with Project.create(args.project) as project:
        try:
            for folder in args.image_dirs:
                add_root(project, folder.resolve())
        except UserError:  # such as folders inside each other: leave no project without its images
            project.close()
            shutil.rmtree(project.path)
            raise
        return _scan(project, console)


def scan_again(args: argparse.Namespace, console: Console) -> int:
    with Project.open(args.project) as project:
        if args.moved is not None:
            _repoint(project, *args.moved)
        return _scan(project, console)


def _repoint(project: Project, old: Path, new: Path) -> None:
    known = {root.path: root.id for root in roots(project)}
    old = old.expanduser().absolute()
    if old not in known:
        folders = ", ".join(str(path) for path in known)
        raise UserError(f"The project has no image folder {old}; its folders are {folders}.")
    repoint(project, known[old], new)


def _scan(project: Project, console: Console) -> int:
    def show(progress: ScanProgress) -> None:
        what = "Finding images" if progress.phase == "find" else "Checking images"
        console.progress(what, progress.done, progress.total)

    with counted_interrupts() as interrupts:
        result = scan(project, progress=show, cancelled=lambda: interrupts.count > 0)
        stopped = interrupts.count > 0
    for problem in result.problems:
        console.say(f"Note: {problem}")
    if stopped:
        console.say(f"Stopped; go on with: pudm scan {project.path}")
    totals = counts(project)
    text = (
        f"{totals.total:,} images in {project.path}: {totals.unlabeled:,} unlabeled, {totals.sensitive:,} sensitive, "
        f"{totals.normal:,} normal, {totals.unreadable:,} unreadable."
    )
    document = {"project": str(project.path), **dataclasses.asdict(totals), "problems": list(result.problems)}
    console.result(document, text)
    return INTERRUPTED if stopped else 0
